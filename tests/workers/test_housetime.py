"""Hosts whose clocks are wrong, with real processes: the database's time is the house's."""

from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from calendar_app.config import Config
from calendar_app.extensions import db
from calendar_app.models import Channel, Delivery
from publishers.simulators.server import Server
from tests.people import Cast
from tests.servers import ServerMissing, wait_until
from tests.workers.crew import crew
from tests.workers.test_under_fire import cast, channel, schedule, server, settled

__all__ = ["cast", "channel", "server"]
TELL = """
from calendar_app import create_app
from workers import housetime
with create_app().app_context():
    housetime.refresh()
    print(housetime.offset().total_seconds(), housetime.now().timestamp())
"""


def faked(by: str) -> dict[str, str]:
    """The environment of a process whose host's clock is wrong ``by`` seconds."""
    libraries = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    if not libraries or not shutil.which("faketime"):
        raise ServerMissing("The tests need libfaketime. Run: sudo apt-get install faketime")
    return {"LD_PRELOAD": str(libraries[0]), "FAKETIME": by, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
@pytest.mark.parametrize("by", ["+3s", "-90s"])
def test_a_process_counts_on_from_the_databases_clock(config: Config, app: Flask, by: str) -> None:
    with crew(config) as hands:
        environ = hands.environ | faked(by)
        told = subprocess.check_output([sys.executable, "-c", TELL], env=environ, text=True)
    offset, now = (float(number) for number in told.splitlines()[-1].split())
    assert abs(offset + float(by.removesuffix("s"))) < 1
    assert abs(now - datetime.now(UTC).timestamp()) < 10


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_nothing_is_published_early_by_a_host_that_is_ahead(
    app: Flask, cast: Cast, channel: Channel, server: Server, config: Config
) -> None:
    schedule(cast, channel, 5, timedelta(seconds=8), timedelta(milliseconds=700))
    # libfaketime may refuse a sleep whose end has passed on a busy machine; a short lease lets such a try begin anew.
    with crew(config, LEASE="5", RERING="2") as hands:
        hands.environ |= faked("+3s")
        clock = hands.start("clock")
        hands.start("worker", "publish")
        wait_until(lambda: settled(app, 5), "all published", 60)
        assert clock.says("this host's clock is wrong; going by the database's")
    db.session.rollback()
    promised = {d.variant.post.text: d.promised_at for d in db.session.scalars(select(Delivery)) if d.variant}
    records = server.control.records()
    assert len(records) == 5
    for record in records:
        assert record["at"] >= promised[record["text"]].timestamp()
