"""Many threads and processes write one SQLite file: each waits for its turn, none is turned away."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from flask import Flask

from calendar_app.config import Config
from calendar_app.extensions import db
from calendar_app.models import Beat
from tests.workers.crew import crew

WRITERS, TIMES = 12, 25
WRITE = """
import sys, tests.workers.test_writers as here
from calendar_app import create_app
here.write_all(create_app(), sys.argv[1])
"""


def write(app: Flask, name: str) -> None:
    """Read, then write what was read: the order in which a lock that is taken late can not be had any more."""
    for _ in range(TIMES):
        with app.app_context():
            beat = db.session.get(Beat, name)
            pid = beat.pid + 1 if beat else 1
            db.session.merge(Beat(name=name, kind="clock", host="here", pid=pid, beat_at=datetime.now(UTC)))
            db.session.commit()
            db.session.remove()


def write_all(app: Flask, process: str) -> None:
    with ThreadPoolExecutor(WRITERS) as threads:
        list(threads.map(lambda number: write(app, f"{process}:{number}"), range(WRITERS)))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_threads_of_several_processes_write_and_none_finds_the_database_locked(
    app: Flask, config: Config
) -> None:
    with crew(config) as hands:
        command = [sys.executable, "-c", WRITE]
        others = [subprocess.Popen([*command, name], env=hands.environ) for name in ("one", "two")]
        write_all(app, "here")
        assert [other.wait(timeout=120) for other in others] == [0, 0]
    with app.app_context():
        written = {beat.name: beat.pid for beat in db.session.query(Beat)}
    assert written == {f"{who}:{n}": TIMES for who in ("one", "two", "here") for n in range(WRITERS)}
