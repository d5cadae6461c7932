"""Which posts a person asked to see: the filters that the calendar and the list of posts share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, or_, select

from calendar_app.ahead import IS_WARNED
from calendar_app.models import Delivery, Hold, Label, Post, Stage, State, Variant, Workspace
from calendar_app.models.post import post_label
from calendar_app.standing import HANDED, WORST_FIRST

SAID_BY_STAGE = frozenset({State.HELD, HANDED, State.SCHEDULED, State.CANCELED})
WORDS = tuple(
    word for state in State for word in ((HANDED, state.value) if state is State.HELD else (state.value,))
)
STATES = tuple(stage.value for stage in Stage if stage is not Stage.APPROVED) + WORDS
TELLING = frozenset(WORDS) - {State.SCHEDULED}
SPEAKING = tuple(word for word in WORST_FIRST if word not in SAID_BY_STAGE and word != State.PUBLISHED)


@dataclass(frozen=True)
class Filters:
    """What to show; an empty part asks for nothing. ``states`` are words of ``standing.standing``.

    ``at_risk`` asks for what something was found for that could stop it.
    """

    states: frozenset[str] = frozenset()
    channel_id: int | None = None
    owner_id: int | None = None
    label_id: int | None = None
    words: str = ""
    at_risk: bool = False

    @property
    def any(self) -> bool:
        """Whether anything is left out."""
        return self != ALL_POSTS


ALL_POSTS = Filters()


def from_query(query: Mapping[str, str]) -> Filters:
    """Filters as an address spells them: ``state=draft,failed&channel=3&owner=2&label=1&q=tea&risk=1``.

    What makes no sense is not asked for, so that an old or mistyped link still shows posts.
    """
    return Filters(
        states=frozenset(query.get("state", "").split(",")) & frozenset(STATES),
        channel_id=_number(query.get("channel")),
        owner_id=_number(query.get("owner")),
        label_id=_number(query.get("label")),
        words=query.get("q", "").strip()[:200],
        at_risk=query.get("risk") == "1",
    )


def conditions(workspace: Workspace, filters: Filters) -> list[ColumnElement[bool]]:
    """The WHERE of a query for posts of ``workspace``."""
    found: list[ColumnElement[bool]] = [Post.workspace_id == workspace.id]
    if filters.channel_id is not None:
        found.append(_has(Variant, Variant.channel_id == filters.channel_id))
    if filters.owner_id is not None:
        found.append(Post.owner_id == filters.owner_id)
    if filters.label_id is not None:
        found.append(
            exists().where(post_label.c.post_id == Post.id, post_label.c.label_id == filters.label_id)
        )
    if filters.states:
        found.append(stands(filters.states))
    if filters.states and filters.states <= TELLING:
        found.append(_with_delivery(workspace, filters.states))
    if filters.at_risk:
        found.append(_has(Delivery, IS_WARNED))
    return found + [_says(word) for word in filters.words.split()]


def _with_delivery(workspace: Workspace, words: Iterable[str]) -> ColumnElement[bool]:
    """Follows from ``stands``; said in this way it is answered by the index on states, and few posts are looked at."""
    states = {State.HELD if word == HANDED else State(word) for word in words}
    here = (Delivery.workspace_id == workspace.id, Delivery.state.in_(sorted(states)))
    return Post.id.in_(select(Delivery.post_id).where(*here))


def stands(words: Iterable[str]) -> ColumnElement[bool]:
    """``standing.standing`` as a condition: the post stands at one of ``words``."""
    return or_(*(_stands_at(word) for word in words))


def _stands_at(word: str) -> ColumnElement[bool]:
    if word in set(Stage) - {Stage.APPROVED}:
        return and_(Post.stage == Stage(word), ~_any_of(SPEAKING))
    approved = and_(Post.stage == Stage.APPROVED, _is_worst(word, WORST_FIRST))
    if word not in SPEAKING:
        return approved
    return or_(approved, and_(Post.stage != Stage.APPROVED, _is_worst(word, SPEAKING)))


def _is_worst(word: str, order: tuple[str, ...]) -> ColumnElement[bool]:
    worse = order[: order.index(word)]
    here = _any_of((word,))
    if word == State.SCHEDULED:
        here = or_(here, ~_any_of(order))
    return and_(here, ~_any_of(worse)) if worse else here


def _any_of(words: tuple[str, ...]) -> ColumnElement[bool]:
    both = State.HELD in words and HANDED in words
    plain = [State(word) for word in words if both or word not in (State.HELD, HANDED) if word != HANDED]
    found: list[ColumnElement[bool]] = [Delivery.state.in_(plain)] if plain else []
    if not both and (State.HELD in words or HANDED in words):
        by_hand = Delivery.held_reason == Hold.HANDOVER
        otherwise = Delivery.held_reason.is_distinct_from(Hold.HANDOVER)
        found.append(and_(Delivery.state == State.HELD, by_hand if HANDED in words else otherwise))
    return _has(Delivery, or_(*found))


def _has(model: type[Variant | Delivery], condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(model.post_id == Post.id, condition)


def _says(word: str) -> ColumnElement[bool]:
    labelled = (
        select(post_label.c.post_id)
        .join(Label, Label.id == post_label.c.label_id)
        .where(post_label.c.post_id == Post.id, Label.name.icontains(word, autoescape=True))
    )
    return or_(
        Post.text.icontains(word, autoescape=True),
        _has(Variant, Variant.text.icontains(word, autoescape=True)),
        labelled.exists(),
    )


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 10 else None
