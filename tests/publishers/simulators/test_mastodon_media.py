"""Uploads on Mastodon: ready at once or later, described, attached once, purged after a day."""

import httpx
import pytest

from publishers.simulators import mastodon
from publishers.simulators.server import Server
from tests.publishers.simulators.people import MP4, Tooter, jpeg

UNREADY = "Cannot attach files that have not finished processing. Try again in a moment!"


def test_a_picture_is_ready_at_once_and_can_be_fetched(tooter: Tooter) -> None:
    picture = jpeg(320, 200)
    answer = tooter.upload(picture, description="a wall")
    assert (answer.status_code, answer.json()["type"], answer.json()["description"]) == (
        200,
        "image",
        "a wall",
    )
    assert answer.json()["meta"]["original"] == {
        "width": 320,
        "height": 200,
        "size": "320x200",
        "aspect": 1.6,
    }
    assert httpx.get(answer.json()["url"]).content == picture


def test_a_video_is_processed_first_and_cannot_be_attached_before(
    mastodon_server: Server, tooter: Tooter
) -> None:
    answer = tooter.upload(MP4, "a.mp4")
    video = answer.json()["id"]
    assert (answer.status_code, answer.json()["url"]) == (202, None)
    assert tooter.http.get(f"/api/v1/media/{video}").status_code == 206
    assert tooter.post("too soon", media_ids=[video]).json()["error"] == UNREADY
    mastodon_server.control.clock(3)
    assert tooter.http.get(f"/api/v1/media/{video}").json()["url"]
    assert tooter.post("now", media_ids=[video]).json()["media_attachments"][0]["type"] == "video"


def test_processing_can_fail(mastodon_server: Server, tooter: Tooter) -> None:
    mastodon_server.control.set(media_fails=True)
    video = tooter.upload(MP4, "a.mp4").json()["id"]
    mastodon_server.control.clock(3)
    assert tooter.http.get(f"/api/v1/media/{video}").status_code == 422


def test_an_upload_that_stays_unattached_for_a_day_is_gone(mastodon_server: Server, tooter: Tooter) -> None:
    media = tooter.upload().json()["id"]
    mastodon_server.control.clock(86_400 + 1)
    assert tooter.http.get(f"/api/v1/media/{media}").status_code == 404
    answer = tooter.post("late", media_ids=[media])
    assert answer.status_code == 422
    assert answer.json()["error"] == f"Media {media} not found or already attached to another post"


def test_an_upload_is_attached_to_one_status_only(tooter: Tooter) -> None:
    media = tooter.upload().json()["id"]
    assert tooter.post("first", media_ids=[media]).status_code == 200
    assert "already attached" in tooter.post("second", media_ids=[media]).json()["error"]
    assert tooter.http.get(f"/api/v1/media/{media}").status_code == 404


def test_another_accounts_upload_cannot_be_used(mastodon_server: Server, tooter: Tooter) -> None:
    media = tooter.upload().json()["id"]
    assert Tooter(mastodon_server, "cy").post("mine", media_ids=[media]).status_code == 422


def test_the_description_can_change_until_the_file_is_attached(
    mastodon_server: Server, tooter: Tooter
) -> None:
    media = tooter.upload().json()["id"]
    tooter.http.put(f"/api/v1/media/{media}", json={"description": "後來補的"})
    tooter.post("with words", media_ids=[media])
    assert mastodon_server.control.records()[0]["media"][0]["alt"] == "後來補的"
    assert tooter.upload(description="x" * 1501).status_code == 422


def test_five_files_or_a_film_beside_a_picture_are_refused(mastodon_server: Server, tooter: Tooter) -> None:
    pictures = [tooter.upload().json()["id"] for _ in range(5)]
    film = tooter.upload(MP4, "a.mp4").json()["id"]
    mastodon_server.control.clock(3)
    assert tooter.post("five", media_ids=pictures).json()["error"] == "Cannot attach more than 4 files"
    mixed = tooter.post("mixed", media_ids=[pictures[0], film]).json()["error"]
    assert mixed == "Cannot attach a video to a post that already contains images"


@pytest.mark.parametrize("data", [b"%PDF-1.7 not a picture", b"plain words", b"\xff\xd8\xff broken"])
def test_what_is_no_picture_is_refused_whatever_its_name(tooter: Tooter, data: bytes) -> None:
    assert tooter.upload(data, "a.jpg").status_code == 422


def test_slow_pictures_can_be_ordered() -> None:
    with mastodon.serve(image_seconds=60) as server:
        tooter = Tooter(server)
        assert tooter.upload().status_code == 202


def test_a_film_is_served_in_ranges(mastodon_server: Server, tooter: Tooter) -> None:
    video = tooter.upload(MP4, "a.mp4").json()["id"]
    part = httpx.get(f"{mastodon_server.url}/media/{video}", headers={"Range": "bytes=4-11"})
    assert (part.status_code, part.content) == (206, b"ftypisom")
    assert part.headers["Content-Range"] == f"bytes 4-11/{len(MP4)}"
