"""What a post as a whole looks like: computed from its stage and its deliveries, never stored."""

from __future__ import annotations

from collections.abc import Iterable

from calendar_app.models import Stage, State

WORST_FIRST = (
    State.UNCONFIRMED,
    State.FAILED,
    State.HELD,
    State.PUBLISHING,
    State.PROCESSING,
    State.SCHEDULED,
    State.PUBLISHED,
    State.CANCELED,
)
ALL = tuple(stage.value for stage in Stage if stage is not Stage.APPROVED) + tuple(
    s.value for s in WORST_FIRST
)


def standing(stage: Stage, states: Iterable[State]) -> str:
    """One word for the post: what needs a person comes first, then what is under way, then what is done.

    Deliveries held only because an edit withdrew their approval say nothing of their own: the stage does.
    """
    present = set(states)
    if stage is not Stage.APPROVED:
        present -= {State.HELD, State.SCHEDULED, State.CANCELED}
    worst = next((state for state in WORST_FIRST if state in present), None)
    if stage is not Stage.APPROVED and worst in (None, State.PUBLISHED):
        return stage.value
    return worst.value if worst else State.SCHEDULED.value
