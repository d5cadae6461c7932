"""What happened to the posts of the past: on the platforms first, then in the ledger, at the times it happened."""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from calendar_app import attempts, deliveries, parcels, retrying, sweeps, triage
from calendar_app.deliveries import Claim
from calendar_app.demo.house import House
from calendar_app.demo.platforms import Posted, Stage
from calendar_app.demo.script import BLUESKY, MASTODON, Fate, Scene
from calendar_app.extensions import db
from calendar_app.models import Delivery, Hold, Outcome, State, Step
from calendar_app.parcels import Parcel
from calendar_app.settings import config
from publishers.errors import Evidence, RateLimited, Temporary

AT_ONCE = 4
BUSY = "There was a temporary problem serving your request, please try again"
SLOW_DOWN = "Rate Limit Exceeded"
CLAIMED_AHEAD = timedelta(milliseconds=430)


@dataclass(frozen=True)
class Showing:
    """One delivery that went out: its parcel, the try that succeeded and how long the answer took."""

    scene: Scene
    parcel: Parcel
    due_at: datetime
    sent_after: timedelta
    took: timedelta

    @property
    def sent_at(self) -> datetime:
        """The instant of the visible call."""
        return self.due_at + self.sent_after

    @property
    def visible_at(self) -> datetime:
        """When the platform has it, before its answer is back."""
        return self.sent_at + self.took / 2


def play(house: House, stages: dict[str, Stage], told: list[tuple[Scene, Delivery]]) -> None:
    """Publish what went out, and tell the ledger of every try. Raises ``NoStage`` and ``publishers.errors``."""
    showings = []
    for scene, delivery in told:
        if scene.fate == Fate.CANCELED:
            triage.cancel(delivery, house.people["approver"], house.before(delivery.due_at, 0, "07:50"))
        elif scene.fate == Fate.FAILED and delivery.channel.platform == MASTODON:
            _give_up(delivery)
        elif scene.fate == Fate.LATE and delivery.channel.platform == BLUESKY:
            _run_late(delivery)
        else:
            showings.append(_showing(scene, delivery))
    for showing, posted in zip(showings, _perform(showings, stages, house.now), strict=True):
        _keep(showing, posted)


def _showing(scene: Scene, delivery: Delivery) -> Showing:
    chance = random.Random(f"{delivery.id} {delivery.channel.platform}")
    due_at, parcel = delivery.due_at, parcels.pack(delivery)
    if parcel.content.media:
        _prepared(delivery)
    if scene.fate == Fate.RETRIED and delivery.channel.platform == BLUESKY:
        due_at = _stumble(delivery, due_at)
    return Showing(
        scene,
        parcel,
        due_at,
        timedelta(milliseconds=chance.uniform(4, 22)),
        timedelta(milliseconds=chance.uniform(90, 380)),
    )


def _perform(showings: list[Showing], stages: dict[str, Stage], now: datetime) -> Iterable[Posted]:
    """Everything that talks to the platforms, on plain values, a few at once."""

    def perform(showing: Showing) -> Posted:
        parcel, stage = showing.parcel, stages[showing.parcel.publisher.name]
        handles = parcel.ticket.handles
        if parcel.publisher.needs_prepare(parcel.content):
            ticket = parcel.publisher.prepare(parcel.destination, parcel.content, parcel.ticket, now)
            handles = ticket.handles
        posted = stage.post(parcel.content, handles, showing.visible_at)
        for reply in showing.scene.replies:
            stage.answer(posted, reply, showing.visible_at + timedelta(minutes=reply.minutes))
        return posted

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(perform, showings))


def _keep(showing: Showing, posted: Posted) -> None:
    delivery = parcels.load(showing.parcel.delivery_id)
    assert delivery is not None
    taken = _claim(delivery, showing.due_at)
    deliveries.sending(taken, showing.sent_at)
    deliveries.succeeded(taken, posted.receipt, showing.sent_at + showing.took)
    if posted.key:
        delivery.key = posted.key


def _prepared(delivery: Delivery) -> None:
    opened = delivery.due_at - timedelta(minutes=9, seconds=58)
    attempt_id = attempts.open_attempt(delivery.id, Step.PREPARE, opened, _worker(delivery))
    attempts.close_attempt(attempt_id, Outcome.PREPARED, opened + timedelta(seconds=1.4))


def _claim(delivery: Delivery, due_at: datetime) -> Claim:
    """The claim of a worker that was there in time."""
    token, at = secrets.token_hex(16), due_at - CLAIMED_AHEAD
    until = at + config().lease
    deliveries.advance(
        delivery.id, State.PUBLISHING, sources={State.SCHEDULED}, lease_token=token, lease_until=until
    )
    attempt_id = attempts.open_attempt(delivery.id, Step.PUBLISH, at, _worker(delivery))
    return Claim(delivery.id, attempt_id, token, until, due_at)


def _stumble(delivery: Delivery, due_at: datetime) -> datetime:
    """One try that met a busy platform; answers when the next is due, ``due_at`` again after the last."""
    taken = _claim(delivery, due_at)
    sent_at = due_at + timedelta(milliseconds=9)
    deliveries.sending(taken, sent_at)
    closed = sent_at + timedelta(milliseconds=210)
    error = Temporary(BUSY, Evidence(http_status=503, body=f'{{"error": "{BUSY}"}}'))
    deliveries.again_or_failed(taken, Outcome.TEMPORARY, error, closed)
    db.session.refresh(delivery)
    return retrying.next_try(delivery.tries, closed) or due_at


def _give_up(delivery: Delivery) -> None:
    """Every try of the back-off met the same busy platform."""
    due_at = delivery.due_at
    while delivery.state == State.SCHEDULED:
        due_at = _stumble(delivery, due_at)


def _run_late(delivery: Delivery) -> None:
    """The platform asked for a pause that was longer than the post's time window."""
    taken = _claim(delivery, delivery.due_at)
    sent_at = delivery.due_at + timedelta(milliseconds=11)
    deliveries.sending(taken, sent_at)
    until = delivery.not_later_than + timedelta(minutes=12)
    error = RateLimited(SLOW_DOWN, until, Evidence("RateLimitExceeded", 429))
    deliveries.again(taken, Outcome.RATE_LIMITED, error, until, sent_at + timedelta(milliseconds=160))
    sweeps.hold(Delivery.id == delivery.id, Hold.LATE)


def _worker(delivery: Delivery) -> str:
    return f"publish-{1 + delivery.id % 2}"
