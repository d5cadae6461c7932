"""Rotating sessions are refreshed by one worker, whoever asks first."""

from __future__ import annotations

import threading

import pytest
from flask import Flask

from calendar_app import credentials
from calendar_app.extensions import db
from calendar_app.models import Channel
from publishers.errors import Unauthorized
from publishers.simulators.server import Server
from tests.people import Cast


def test_of_several_workers_that_saw_the_same_session_one_refreshes(
    app: Flask, cast: Cast, skies: Channel, bluesky_server: Server
) -> None:
    id, seen = skies.id, skies.credentials_version
    db.session.commit()
    start = threading.Barrier(4)

    def refresh() -> None:
        with app.app_context():
            start.wait()
            credentials.refresh(id, seen, cast.now)

    workers = [threading.Thread(target=refresh) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    asked = [r for r in bluesky_server.control.requests() if "refreshSession" in r["path"]]
    assert len(asked) == 1
    db.session.expire_all()
    assert skies.credentials_version == seen + 1


def test_who_comes_late_finds_newer_credentials(cast: Cast, skies: Channel) -> None:
    seen = skies.credentials_version
    assert credentials.refresh(skies.id, seen, cast.now)
    assert credentials.refresh(skies.id, seen, cast.now)
    assert skies.credentials_version == seen + 1


def test_a_revoked_session_is_told(cast: Cast, skies: Channel, bluesky_server: Server) -> None:
    bluesky_server.control.revoke_tokens()
    with pytest.raises(Unauthorized):
        credentials.refresh(skies.id, skies.credentials_version, cast.now)


def test_no_secret_shows_in_the_row(cast: Cast, skies: Channel) -> None:
    assert b"ey" not in skies.credentials[:2]
    assert "Jwt" not in repr(skies.__dict__)
