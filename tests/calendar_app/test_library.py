"""Uploads, and the forms of them that platforms take."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image

import media
from calendar_app import library, planning, preparing, store
from calendar_app.extensions import db
from calendar_app.models import Asset, Channel, Rendition, RenditionState, State
from publishers.simulators.server import Server
from tests.calendar_app.conftest import Watch
from tests.people import Cast, a_post, an_approved_post


@pytest.fixture
def a_heavy_picture(cast: Cast, tmp_path: Path) -> Asset:
    """A PNG of noise, larger in bytes than Bluesky takes."""
    path = tmp_path / "noise.png"
    chance = random.Random(1)
    Image.frombytes("RGB", (1200, 900), chance.randbytes(1200 * 900 * 3)).save(path)
    asset = library.add(cast.tea, path, "noise.png", cast.ana, cast.now)
    db.session.commit()
    return asset


def test_the_same_file_twice_is_one_asset(cast: Cast, tmp_path: Path) -> None:
    found = []
    for name in ("one.png", "two.png"):
        Image.new("RGB", (20, 20), "red").save(tmp_path / name)
        found.append(library.add(cast.tea, tmp_path / name, name, cast.ana, cast.now))
    assert found[0] is found[1]
    assert list(tmp_path.glob("*.png")) == []


def test_what_is_kept_is_named_by_its_content(cast: Cast, a_heavy_picture: Asset) -> None:
    assert store.sha256_of(store.path_of(a_heavy_picture.sha256)) == a_heavy_picture.sha256
    assert a_heavy_picture.thumbnail_sha256
    assert store.path_of(a_heavy_picture.thumbnail_sha256).exists()


def test_a_refused_upload_leaves_nothing_behind(cast: Cast, tmp_path: Path) -> None:
    path = tmp_path / "fake.jpg"
    path.write_bytes(b"%PDF-1.7 not a picture")
    with pytest.raises(media.Unsupported):
        library.add(cast.tea, path, "fake.jpg", cast.ana, cast.now)
    assert not path.exists()
    assert [p for p in store.config().media_root.rglob("*") if p.is_file()] == []


def test_what_a_killed_process_left_half_done_is_removed_a_day_later(
    cast: Cast, a_heavy_picture: Asset
) -> None:
    left, under_way = store.scratch(), store.scratch()
    for path, hours in ((left, 25), (under_way, 23), (store.path_of(a_heavy_picture.sha256), 2500)):
        written_at = (cast.now - timedelta(hours=hours)).timestamp()
        os.utime(path, (written_at, written_at))
    assert library.drop_unfinished(cast.now) == 1
    assert (left.exists(), under_way.exists()) == (False, True)
    assert store.path_of(a_heavy_picture.sha256).exists()


def test_a_file_too_heavy_for_a_channel_is_asked_to_be_made_to_fit(
    cast: Cast, toots: Channel, skies: Channel, a_heavy_picture: Asset
) -> None:
    a_post(cast, toots, skies, media=(planning.Attached(a_heavy_picture.id, "Noise"),))
    (rendition,) = a_heavy_picture.renditions
    assert rendition.state == RenditionState.WANTED
    assert library.wanted(cast.now, 10) == [rendition.id]
    assert library.wanted(cast.now + timedelta(minutes=1), 10) == []


def test_the_rendition_is_what_goes_out_where_the_original_does_not_fit(
    cast: Cast,
    toots: Channel,
    skies: Channel,
    a_heavy_picture: Asset,
    mastodon_server: Server,
    bluesky_server: Server,
    watch: Watch,
    publish: Callable[[int], None],
) -> None:
    post = an_approved_post(cast, toots, skies, media=(planning.Attached(a_heavy_picture.id, "Noise"),))
    rendition = db.session.get_one(Rendition, a_heavy_picture.renditions[0].id)
    library.render(rendition)
    db.session.commit()
    watch.wait_until(post.due_at)
    for delivery in post.deliveries:
        preparing.prepare(delivery.id, "a-worker", watch)
        publish(delivery.id)
    assert [d.state for d in post.deliveries] == [State.PUBLISHED] * 2
    sent = {s: s.control.records()[0]["media"][0]["sha256"] for s in (mastodon_server, bluesky_server)}
    assert sent == {mastodon_server: a_heavy_picture.sha256, bluesky_server: rendition.sha256}
    assert rendition.size and rendition.size <= 2_000_000


def test_a_rendition_that_is_not_made_yet_delays_and_is_told(
    cast: Cast, skies: Channel, a_heavy_picture: Asset, watch: Watch, publish: Callable[[int], None]
) -> None:
    post = an_approved_post(cast, skies, media=(planning.Attached(a_heavy_picture.id, "Noise"),))
    (delivery,) = post.deliveries
    watch.wait_until(delivery.due_at)
    publish(delivery.id)
    assert delivery.state == State.SCHEDULED
    assert delivery.error and "made ready" in delivery.error
