"""What follows a post, said by real processes: in order, and not again by whoever comes after a killed one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy import select

from calendar_app.extensions import db
from calendar_app.models import Channel, FollowState, FollowUp
from calendar_app.planning import VariantDraft
from publishers.simulators.server import Server
from tests.people import Cast, an_approved_post
from tests.servers import wait_until
from tests.workers.crew import Crew, kill_wholly
from tests.workers.test_under_fire import POSTING, cast, channel, hands, server

__all__ = ["cast", "channel", "hands", "server"]


def a_thread(cast: Cast, channel: Channel) -> None:
    chosen = VariantDraft(channel.id, options={"thread_posts": "Where it grows.\n---\nHow to brew it."})
    an_approved_post(cast, channel, at=datetime.now(UTC) + timedelta(seconds=2), variants=(chosen,))


def states() -> list[FollowState]:
    db.session.rollback()
    return list(db.session.scalars(select(FollowUp.state).order_by(FollowUp.position)))


def test_a_thread_goes_out_as_a_chain(
    app: Flask, cast: Cast, channel: Channel, server: Server, hands: Crew
) -> None:
    a_thread(cast, channel)
    hands.start("clock")
    hands.start("worker", "publish")
    hands.start("worker", "background")
    wait_until(lambda: states() == [FollowState.OUT] * 2, "all of it", 30)
    first, second, third = server.control.records()
    assert [first["text"], second["text"], third["text"]] == [
        "Spring tea is here.", "Where it grows.", "How to brew it.",
    ]  # fmt: skip
    assert (second["in_reply_to"], third["in_reply_to"]) == (first["id"], second["id"])


def test_what_a_killed_worker_may_have_said_is_not_said_again(
    app: Flask, cast: Cast, channel: Channel, server: Server, hands: Crew
) -> None:
    a_thread(cast, channel)
    hands.start("clock")
    hands.start("worker", "publish")
    wait_until(lambda: len(server.control.records()) == 1, "the first post", 30)
    server.control.fault("delay_after", POSTING, seconds=20, times=1)
    worker = hands.start("worker", "background")
    wait_until(lambda: len(server.control.records()) == 2, "the second, whose answer is late", 30)
    kill_wholly(worker)
    hands.start("worker", "background")
    wait_until(lambda: states() == [FollowState.UNCONFIRMED, FollowState.WAITING], "a person is asked", 40)
    assert [record["text"] for record in server.control.records()] == [
        "Spring tea is here.",
        "Where it grows.",
    ]
