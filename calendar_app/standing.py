"""What a post as a whole looks like: computed from its stage and its deliveries, never stored."""

from __future__ import annotations

from collections.abc import Iterable

from calendar_app.models import Hold, Stage, State

# What waits in a person's hands is no trouble, as other holds are: it has a word of its own.
HANDED = "handover"
WORST_FIRST: tuple[str, ...] = (
    State.UNCONFIRMED,
    State.FAILED,
    State.HELD,
    HANDED,
    State.PUBLISHING,
    State.PROCESSING,
    State.SCHEDULED,
    State.PUBLISHED,
    State.CANCELED,
)
ALL = tuple(stage.value for stage in Stage if stage is not Stage.APPROVED) + tuple(
    str(word) for word in WORST_FIRST
)


def word(state: State, reason: Hold | None) -> str:
    """How one delivery stands, as people are told."""
    return HANDED if state == State.HELD and reason == Hold.HANDOVER else state.value


def standing(stage: Stage, states: Iterable[str]) -> str:
    """One word for the post: what needs a person comes first, then what is under way, then what is done.

    Deliveries held only because an edit withdrew their approval say nothing of their own: the stage does.
    """
    present = set(states)
    if stage is not Stage.APPROVED:
        present -= {State.HELD, HANDED, State.SCHEDULED, State.CANCELED}
    worst = next((str(state) for state in WORST_FIRST if state in present), None)
    if stage is not Stage.APPROVED and worst in (None, State.PUBLISHED):
        return stage.value
    return worst or State.SCHEDULED.value
