"""What people do while a storm rages, by the same verbs that the pages use."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from flask_babel import force_locale
from sqlalchemy import or_, select
from sqlalchemy.exc import SQLAlchemyError

from calendar_app import approval, channels, planning, triage
from calendar_app.drafts import draft_of
from calendar_app.extensions import db
from calendar_app.models import Channel, ChannelState, Delivery, Hold, Post, Stage, State, Variant, Workspace
from calendar_app.refusals import Refusal
from calendar_app.walltime import to_wall
from tests.chaos.book import Pause, now
from tests.chaos.plan import Promise
from tests.chaos.stage import Place, channel_of, version, words
from tests.chaos.stage import Stage as Scene
from tests.people import ZONE

SOON = timedelta(seconds=3)
PATIENCE = 3
AT_ONCE = 25


class People:
    """Ana edits, Bo approves; ``edits`` counts how often each delivery's words were changed."""

    def __init__(self, scene: Scene) -> None:
        self._scene, self._book = scene, scene.book
        self._edits: dict[int, int] = {}
        self._retries: dict[int, int] = {}

    def attempt(self, act: Callable[[], str]) -> str:
        """Do it and commit; what came of it: done, or why not."""
        try:
            with force_locale("en"):
                done = act()
            db.session.commit()
        except Refusal as refusal:
            db.session.rollback()
            return f"refused: {type(refusal).__name__}"
        except SQLAlchemyError as error:
            db.session.rollback()
            self._book.complaints.append(f"a person's act broke off: {type(error).__name__}: {error}")
            return "broke off"
        finally:
            db.session.remove()
        return done

    def edit(self, number: int, approved: bool = True) -> str:
        """New words for the whole post, and a new time where the old one is over; approved again at once or not."""
        post = self._post(number)
        moment = now()
        changed = self._reworded(post, moment)
        planning.save(post, changed, post.revision, self._scene.person(self._scene.ana), moment)
        db.session.commit()
        self._withdraw(post, "edited")
        return f"edited, {self.approve(number)}" if approved else "edited"

    def move(self, number: int) -> str:
        """A little later; approved again at once."""
        post, moment = self._post(number), now()
        due = max(post.due_at, moment) + SOON
        planning.move(post, to_wall(due, ZONE), post.revision, self._scene.person(self._scene.ana), moment)
        db.session.commit()
        self._withdraw(post, "moved")
        return f"moved, {self.approve(number)}"

    def approve(self, number: int) -> str:
        """Bo signs what is there now, with a new time where the old one is over."""
        post, moment = self._post(number), now()
        if post.stage == Stage.APPROVED:
            return "approved already"
        if post.due_at <= moment:
            planning.save(
                post,
                self._reworded(post, moment),
                post.revision,
                self._scene.person(self._scene.ana),
                moment,
            )
        approval.submit(post, self._scene.person(self._scene.ana), moment)
        approval.approve(post, post.revision, self._scene.person(self._scene.bo), moment)
        before = {p.number: self._waiting(post, p) for p in self._scene.promises_of(post.id)}
        for promised, variant in before.items():
            if variant is not None:
                self._book.approve(promised, version(post, variant.text or "", moment))
        db.session.commit()
        return "approved"

    def cancel(self, number: int) -> str:
        """Give one delivery up."""
        delivery = self._delivery(number)
        if delivery is None:
            return "nothing to cancel"
        triage.cancel(delivery, self._scene.person(self._scene.bo), now())
        db.session.commit()
        self._book.withdraw(number, "canceled")
        return "canceled"

    def pause_channel(self, number: int) -> str:
        """From this second nothing more goes out there."""
        channel = channel_of(self._scene.parts[number].place)
        stopped = channels.pause(channel, "storm", now())
        self._paused(stopped, frozenset({channel.id}))
        return f"held {stopped.held}, {len(stopped.in_flight)} in flight"

    def resume_channel(self, number: int) -> str:
        """What is still to come goes out as promised."""
        channel = channel_of(self._scene.parts[number].place)
        return self._resumed(frozenset({channel.id}), lambda moment: channels.resume(channel, moment))

    def pause_workspace(self, number: int) -> str:
        """The whole brand falls silent."""
        brand = db.session.get_one(Workspace, self._scene.parts[number].place.workspace_id)
        stopped = channels.pause_workspace(brand, "storm", now())
        self._paused(stopped, self._channels_of(brand))
        return f"held {stopped.held}, {len(stopped.in_flight)} in flight"

    def resume_workspace(self, number: int) -> str:
        """And speaks again, on channels that are not paused themselves."""
        brand = db.session.get_one(Workspace, self._scene.parts[number].place.workspace_id)
        paused = self._channels_of(brand)
        return self._resumed(paused, lambda moment: channels.resume_workspace(brand, moment))

    def reconnect(self, place: Place) -> str:
        """Sign in again on a channel whose credentials are taken no more."""
        channels.reconnect(channel_of(place), place.platform.connect(place.handle), now())
        return "reconnected"

    def attend(self) -> str:
        """Look at what waits for a person and decide: sign in, answer, try again, approve again, or give up."""
        cut_off = select(Channel.id).where(Channel.state == ChannelState.RECONNECT)
        for channel_id in db.session.scalars(cut_off).all():
            place = next(place for place in self._scene.places if place.channel_id == channel_id)
            self._book.note("people: reconnected", None, self.attempt(lambda p=place: self.reconnect(p)))
        asked = (Delivery.state == State.UNCONFIRMED) & Delivery.look_at.is_(None)
        waiting = or_(asked, Delivery.state.in_({State.FAILED, State.HELD}))
        rows = db.session.scalars(select(Delivery).where(waiting).order_by(Delivery.id)).all()
        answered = [self.attempt(lambda n=n: self._decide(n)) for n in self._mine(rows)]
        return f"{len(answered)} decided" if answered else ""

    def _decide(self, number: int) -> str:
        delivery = self._delivery(number)
        if delivery is None:
            return ""
        if delivery.state == State.UNCONFIRMED:
            return self._answer(delivery, number)
        if delivery.channel.state != ChannelState.ACTIVE or delivery.channel.workspace.paused_at:
            return ""
        if delivery.held_reason == Hold.UNAPPROVED:
            return self._approve_again(number)
        return self._retry(delivery, number)

    def _answer(self, delivery: Delivery, number: int) -> str:
        name = self._scene.plan.promises[number].name
        seen = [r for r in self._scene.parts[number].place.platform.records() if name in r["text"]]
        person = self._scene.person(self._scene.bo)
        if seen:
            triage.appeared(delivery, seen[-1]["url"], person, now())
            return "it is there"
        triage.did_not_appear(delivery, person, now())
        return "it is not there"

    def _approve_again(self, number: int) -> str:
        post = self._post(number)
        if post.stage == Stage.APPROVED:
            return self.edit(number)
        return self.approve(number)

    def _retry(self, delivery: Delivery, number: int) -> str:
        self._retries[number] = self._retries.get(number, 0) + 1
        if self._retries[number] > PATIENCE:
            return self.cancel(number)
        triage.retry(delivery, self._scene.person(self._scene.bo), now())
        return "tried again"

    def _mine(self, rows: Iterable[Delivery]) -> list[int]:
        """Their numbers, but for every ninth that failed or is held: nobody cares for those, so they must stay so."""
        at = {(part.post_id, part.place.channel_id): n for n, part in self._scene.parts.items()}
        found = [(at[row.post_id, row.channel_id], row.state) for row in rows]
        return [n for n, state in found if n % 9 or state == State.UNCONFIRMED][:AT_ONCE]

    def _reworded(self, post: Post, moment: datetime) -> planning.PostDraft:
        draft = draft_of(post)
        by_channel = {
            self._scene.parts[p.number].place.channel_id: p for p in self._scene.promises_of(post.id)
        }
        variants = tuple(replace(v, text=self._next_words(by_channel[v.channel_id])) for v in draft.variants)
        later = to_wall(moment + SOON, ZONE) if post.due_at <= moment + SOON else draft.wall_time
        return replace(draft, variants=variants, wall_time=later)

    def _next_words(self, promise: Promise) -> str:
        self._edits[promise.number] = self._edits.get(promise.number, 0) + 1
        return words(self._scene.plan, promise, self._edits[promise.number])

    def _withdraw(self, post: Post, why: str) -> None:
        for promise in self._scene.promises_of(post.id):
            if self._waiting(post, promise) is not None:
                self._book.withdraw(promise.number, why)

    def _waiting(self, post: Post, promise: Promise) -> Variant | None:
        """This promise's part of the post, unless it has gone out."""
        channel_id = self._scene.parts[promise.number].place.channel_id
        found = next((v for v in post.variants if v.channel_id == channel_id), None)
        out = {State.PUBLISHING, State.PROCESSING, State.PUBLISHED, State.UNCONFIRMED}
        return None if found is None or (found.delivery and found.delivery.state in out) else found

    def _paused(self, stopped: channels.Stopped, stops: frozenset[int]) -> None:
        db.session.commit()
        self._book.pauses.append(Pause(stopped.at, stops, frozenset(stopped.in_flight)))

    def _resumed(self, channel_ids: frozenset[int], resume: Callable[[datetime], channels.Resumed]) -> str:
        """The pause ends when the resume begins: from then on it may go out."""
        moment = now()
        resumed = resume(moment)
        for pause in self._book.pauses:
            if pause.channels == channel_ids and pause.until is None:
                pause.until = moment
        return f"{resumed.scheduled} go out, {resumed.missed} missed"

    def _channels_of(self, brand: Workspace) -> frozenset[int]:
        return frozenset(db.session.scalars(select(Channel.id).where(Channel.workspace_id == brand.id)))

    def _post(self, number: int) -> Post:
        return db.session.get_one(Post, self._scene.parts[number].post_id, populate_existing=True)

    def _delivery(self, number: int) -> Delivery | None:
        part = self._scene.parts[number]
        return db.session.scalar(
            select(Delivery).where(
                Delivery.post_id == part.post_id,
                Delivery.channel_id == part.place.channel_id,
                Delivery.variant_id.is_not(None),
            )
        )
