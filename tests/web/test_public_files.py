"""Files for platforms that fetch by themselves: at a signed address, for a while, and nothing else."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from itsdangerous import URLSafeTimedSerializer

from calendar_app import library, public_files
from calendar_app.extensions import db
from calendar_app.models import Asset
from tests.people import Cast
from tests.publishers.files import jpeg
from tests.web.browser import Browser


@pytest.fixture
def address(app: Flask, cast: Cast, tmp_path: Path) -> str:
    """Where a picture of the tea brand's library is to be fetched."""
    with app.app_context():
        asset = library.add(cast.tea, jpeg(tmp_path).path, "tea.jpg", cast.ana, cast.now)
        db.session.commit()
        return public_files.address_of(library.as_uploaded(asset, ""))


def path(address: str) -> str:
    return urlsplit(address).path


def test_the_signed_address_gives_the_bytes_to_whoever_knows_it(app: Flask, address: str) -> None:
    answer = app.test_client().get(path(address))
    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
    assert answer.data.startswith(b"\xff\xd8\xff")


def test_an_address_of_the_same_shape_gives_nothing(app: Flask, address: str) -> None:
    client = app.test_client()
    assert isinstance(client, Browser)
    token = path(address).removeprefix("/m/")
    for wrong in (token[:-1], "x" + token, token.replace(".", "-", 1), "nothing", "../secret_key"):
        assert client.get(f"/m/{wrong}").status_code == 404, wrong


def test_an_address_lapses(app: Flask, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    late = public_files.LIVES.total_seconds() + 5
    signed = URLSafeTimedSerializer.loads

    def later(self: URLSafeTimedSerializer, token: str, max_age: int) -> object:
        return signed(self, token, max_age=int(max_age - late))

    monkeypatch.setattr(URLSafeTimedSerializer, "loads", later)
    assert app.test_client().get(path(address)).status_code == 404


def test_an_address_outlives_a_change_of_the_secret_key(app: Flask, address: str) -> None:
    app.config.update(SECRET_KEY_FALLBACKS=[app.config["SECRET_KEY"]], SECRET_KEY="another secret of sixteen")
    assert app.test_client().get(path(address)).status_code == 200


def test_what_was_taken_out_of_the_store_is_not_there(app: Flask, address: str) -> None:
    with app.app_context():
        from calendar_app import store

        store.path_of(db.session.query(Asset).one().sha256).unlink()
    assert app.test_client().get(path(address)).status_code == 404
