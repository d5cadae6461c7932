"""The demo's pictures and film: files that pass where an upload must, the same for the same seed."""

from __future__ import annotations

import pytest

import media
from media import samples


@pytest.mark.parametrize("sample", samples.PICTURES, ids=lambda sample: sample.name)
def test_a_sample_is_a_picture_worth_posting(sample, tmp_path):
    samples.picture(sample, tmp_path / sample.name)
    facts = media.clean(tmp_path / sample.name, tmp_path / "asset")
    assert (facts.width, facts.height) in {(1200, 1200), (1600, 900), (1080, 1350)}
    assert 50_000 < facts.size < 600_000
    assert sample.alt and sample.alt_zh


def test_the_same_seed_draws_the_same_picture_and_another_seed_another(tmp_path):
    first, again, other = (tmp_path / name for name in ("first", "again", "other"))
    for path, seed in ((first, 1), (again, 1), (other, 2)):
        samples.picture(samples.PICTURES[0], path, seed)
    assert first.read_bytes() == again.read_bytes() != other.read_bytes()


def test_the_film_is_a_short_video_that_moves(tmp_path):
    samples.film(tmp_path / "film.mp4")
    facts = media.clean(tmp_path / "film.mp4", tmp_path / "asset")
    assert (facts.kind, facts.codecs, facts.width, facts.height) == ("video", ("h264",), 1280, 720)
    assert facts.seconds == pytest.approx(6, abs=0.1)


def test_what_was_drawn_before_is_not_drawn_again(tmp_path):
    for sample in (*samples.PICTURES, samples.FILM):
        (tmp_path / sample.name).write_bytes(b"kept")
    assert samples.everything(tmp_path) == {path.name: path for path in tmp_path.iterdir()}
    assert all(path.read_bytes() == b"kept" for path in tmp_path.iterdir())
