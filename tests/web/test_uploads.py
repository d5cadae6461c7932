"""Files come in cleaned or are refused with a reason, and go out to members only."""

from __future__ import annotations

import io
import resource
import struct
import subprocess
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import pytest
from flask import Flask
from PIL import Image
from pillow_heif import register_heif_opener
from sqlalchemy import select
from werkzeug.test import TestResponse

from calendar_app import library, planning
from calendar_app.extensions import db
from calendar_app.models import Asset, User
from publishers import get
from tests.people import NOW, Cast, a_channel, a_draft, a_viewer, log_in
from tests.web.browser import Browser

UPLOAD = "/w/tea/library/upload"
LIBRARY = "/w/tea/library"


@pytest.fixture
def ana(app: Flask, cast: Cast) -> Browser:
    return client_of(app, cast.ana)


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Two seconds of a test pattern."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    source = ("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=10:duration=2")
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(),
        "-loglevel",
        "error",
        *source,
        "-pix_fmt",
        "yuv420p",
        str(path),
    ]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path.read_bytes()


def client_of(app: Flask, user: User) -> Browser:
    client = app.test_client()
    log_in(client, user)
    assert isinstance(client, Browser)
    return client


def a_picture(format: str = "JPEG", colour: str = "green", size: tuple[int, int] = (64, 48)) -> bytes:
    register_heif_opener()
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, format)
    return file.getvalue()


def a_bomb() -> bytes:
    """A PNG of a few hundred bytes that claims to be 50 000 pixels wide and high."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def send(client: Browser, data: bytes, name: str = "leaf.jpg", **more: Any) -> TestResponse:
    """Upload as the page's script does: the file is the body, its name in the address."""
    headers = {"Content-Type": "application/octet-stream", "Accept": "application/json"}
    return client.post(UPLOAD, query_string={"name": name}, data=data, headers=headers, **more)


def kept(client: Browser, data: bytes, name: str = "leaf.jpg") -> dict[str, Any]:
    answer = send(client, data, name)
    assert answer.status_code == 201, answer.text
    assert isinstance(answer.json, dict)
    return answer.json


def assets(app: Flask) -> list[Asset]:
    with app.app_context():
        found = list(db.session.scalars(select(Asset).order_by(Asset.id)))
        db.session.expunge_all()
        return found


def leftovers(app: Flask) -> list[Path]:
    """Half-done files that nobody would ever remove."""
    folder = app.extensions["almanac.config"].media_root / "incoming"
    return list(folder.iterdir()) if folder.exists() else []


def use_in_a_post(app: Flask, cast: Cast, asset_id: int) -> int:
    with app.app_context():
        media = (planning.Attached(asset_id, "A leaf"),)
        post = planning.write(cast.tea, a_draft(a_channel(cast.tea), media=media), cast.ana, NOW)
        db.session.commit()
        return post.id


# Coming in


def test_a_picture_comes_in_and_can_be_seen(app: Flask, cast: Cast, ana: Browser) -> None:
    told = kept(ana, a_picture(), "Spring 春茶.jpg")
    (asset,) = assets(app)
    assert (asset.name, asset.kind, asset.width, asset.height) == ("Spring 春茶.jpg", "image", 64, 48)
    assert (asset.workspace_id, asset.uploaded_by_id) == (cast.tea.id, cast.ana.id)
    assert told["id"] == asset.id and told["kind"] == "image" and told["length"] == ""
    assert Image.open(io.BytesIO(ana.get(told["thumb"]).data)).size == (64, 48)
    assert leftovers(app) == []


def test_a_plain_form_can_upload_too(app: Flask, ana: Browser) -> None:
    answer = ana.post(UPLOAD, data={"file": (io.BytesIO(a_picture()), "photos/leaf.jpg")})
    assert answer.status_code == 201 and assets(app)[0].name == "leaf.jpg"


def test_a_full_disk_refuses_the_file_in_words_and_keeps_nothing_of_it(app: Flask, ana: Browser) -> None:
    ana.get(LIBRARY)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        answer = send(ana, a_picture())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert answer.status_code == 507 and "no room" in answer.json["error"]
    assert assets(app) == [] and leftovers(app) == []
    assert kept(ana, a_picture())["kind"] == "image"


@pytest.mark.parametrize(
    ("format", "mime"),
    [("PNG", "image/png"), ("WEBP", "image/webp"), ("GIF", "image/gif"), ("HEIF", "image/jpeg")],
)
def test_every_kind_of_picture_comes_in(ana: Browser, format: str, mime: str) -> None:
    told = kept(ana, a_picture(format), "picture.anything")
    shown = ana.get(told["original"])
    assert shown.mimetype == mime and Image.open(io.BytesIO(shown.data)).size == (64, 48)


def test_a_video_comes_in_with_its_length_and_a_still(ana: Browser, film: bytes) -> None:
    told = kept(ana, film, "film.mov")
    assert (told["kind"], told["length"]) == ("video", "0:02")
    assert Image.open(io.BytesIO(ana.get(told["thumb"]).data)).size == (160, 90)


def test_the_same_file_twice_is_one(app: Flask, ana: Browser) -> None:
    assert kept(ana, a_picture())["id"] == kept(ana, a_picture(), "copy.jpg")["id"]
    assert len(assets(app)) == 1


REFUSED: list[tuple[Callable[[], bytes], str]] = [
    (lambda: b"", "This file is empty."),
    (lambda: b"Dear all, this is no picture.", "This is a text file."),
    (lambda: b"%PDF-1.7 ...", "This is a PDF."),
    (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "This is an SVG drawing."),
    (lambda: b"<!doctype html><script>alert(1)</script>", "This is a web page."),
    (lambda: a_picture(size=(400, 300))[:-900], "This file is broken or cut short."),
    (a_bomb, "This picture has 2,500 megapixels; at most "),
]


@pytest.mark.parametrize(("make", "said"), REFUSED, ids=[said for _make, said in REFUSED])
def test_what_can_not_be_used_is_refused_with_a_reason(
    app: Flask, ana: Browser, make: Callable[[], bytes], said: str
) -> None:
    answer = send(ana, make(), "holiday.jpg")
    assert answer.status_code == 422 and answer.json
    assert answer.json["error"].startswith(said)
    assert assets(app) == [] and leftovers(app) == []


def test_a_cut_off_video_is_refused(app: Flask, ana: Browser, film: bytes) -> None:
    answer = send(ana, film[: len(film) // 2], "film.mp4")
    assert answer.status_code == 422 and assets(app) == [] and leftovers(app) == []


def test_too_many_bytes_and_too_many_seconds_are_refused(app: Flask, ana: Browser, film: bytes) -> None:
    strict = replace(app.extensions["almanac.config"], max_image_bytes=100, max_video_seconds=1)
    app.extensions["almanac.config"] = strict
    picture, video = send(ana, a_picture()).json, send(ana, film).json
    assert picture and video
    assert picture["error"] == "This file has 1 KB; at most 1 KB are taken."
    assert video["error"] == "This video runs 0:02; at most 0:01 are taken."


def test_more_than_may_ever_come_is_stopped_at_the_door(app: Flask, ana: Browser) -> None:
    app.config["MAX_CONTENT_LENGTH"] = 1000
    answer = send(ana, bytes(2000))
    assert answer.status_code == 413 and answer.json == {"error": "That is too large to send."}
    assert leftovers(app) == []


def test_an_upload_that_breaks_off_leaves_nothing_behind(app: Flask, ana: Browser) -> None:
    half = a_picture()[:100]
    answer = ana.post(UPLOAD, input_stream=io.BytesIO(half), environ_overrides={"CONTENT_LENGTH": "900"})
    assert answer.status_code == 400 and assets(app) == [] and leftovers(app) == []


def test_a_page_that_has_grown_old_is_told_so(app: Flask, ana: Browser) -> None:
    answer = send(ana, a_picture(), forged=True)
    assert answer.status_code == 400 and assets(app) == []


def test_a_name_is_only_a_name(app: Flask, ana: Browser) -> None:
    kept(ana, a_picture(), "../../\0etc/passwd")
    assert assets(app)[0].name == "passwd"


# Going out


def test_a_browser_asks_again_only_for_what_has_changed(ana: Browser) -> None:
    told = kept(ana, a_picture())
    first = ana.get(told["original"])
    again = ana.get(told["original"], headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code, again.data) == (200, 304, b"")
    assert "private" in first.headers["Cache-Control"] and "public" not in first.headers["Cache-Control"]


def test_a_video_can_be_sought_in(ana: Browser, film: bytes) -> None:
    told = kept(ana, film, "film.mp4")
    whole = ana.get(told["original"])
    part = ana.get(told["original"], headers={"Range": "bytes=100-199"})
    assert part.status_code == 206 and part.data == whole.data[100:200]
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(whole.data)}"
    assert ana.get(told["original"], headers={"Range": "bytes=99999999-"}).status_code == 416


def test_a_file_is_never_taken_for_anything_else(ana: Browser) -> None:
    told = kept(ana, a_picture("HEIF"), 'x".html\r\n.heic')
    shown, saved = ana.get(told["original"]), ana.get(told["original"] + "?download")
    assert shown.headers["Content-Type"] == "image/jpeg"
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert shown.headers["Content-Disposition"].startswith("inline")
    assert (
        saved.headers["Content-Disposition"].startswith("attachment")
        and ".jpg" in saved.headers["Content-Disposition"]
    )


def test_a_rendition_is_served_once_it_is_made(app: Flask, ana: Browser) -> None:
    told = kept(ana, a_picture("GIF", size=(300, 200)), "leaf.gif")
    with app.app_context():
        asset = db.session.get_one(Asset, told["id"])
        library.want(asset, get("bluesky").default_limits, NOW)
        db.session.commit()
        (wanted,) = asset.renditions
        path = f"/w/tea/files/{asset.id}/renditions/{wanted.id}"
    before = ana.get(path).status_code
    with app.app_context():
        library.render(db.session.get_one(Asset, told["id"]).renditions[0])
        db.session.commit()
    made = ana.get(path)
    assert before == 404 and made.mimetype == "image/jpeg"
    assert Image.open(io.BytesIO(made.data)).size == (300, 200)


def test_only_members_see_the_files(app: Flask, cast: Cast, ana: Browser) -> None:
    told = kept(ana, a_picture())
    cy = client_of(app, cast.cy)
    paths = [told["thumb"], told["original"], f"/w/other/files/{told['id']}/original", LIBRARY]
    assert [cy.get(path).status_code for path in paths] == [404] * 4
    assert app.test_client().get(told["original"]).status_code == 302
    assert ana.get("/w/tea/files/999/thumb").status_code == 404
    assert ana.get(f"/w/tea/files/{told['id']}/anything").status_code == 404


# The library


def test_the_library_is_searched_by_name_alt_text_and_kind(ana: Browser, film: bytes) -> None:
    ids = [kept(ana, a_picture(colour=colour), f"{colour} 100%.jpg")["id"] for colour in ("red", "blue")]
    video = kept(ana, film, "harvest.mp4")["id"]
    ana.post(f"{LIBRARY}/{ids[1]}/alt", data={"alt": " A cup of Oolong "})

    def found(**query: str) -> list[int]:
        page = ana.get(LIBRARY, query_string=query, headers={"HX-Request": "true"}).text
        return [each for each in (*ids, video) if f"/library/{each}" in page]

    assert found() == [*ids, video]
    assert found(q="RED") == [ids[0]] and found(q="oolong") == [ids[1]]
    assert found(q="0%") == ids and found(q="_") == [] and found(kind="video") == [video]
    assert found(page="-3") == found(page="x") == [*ids, video]
    assert found(q="no such thing") == []


def test_going_back_to_a_search_shows_the_whole_page(ana: Browser) -> None:
    back = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    assert "<html" in ana.get(LIBRARY, headers=back).text
    assert "<html" not in ana.get(LIBRARY, headers={"HX-Request": "true"}).text


def test_alt_text_of_the_library_is_what_new_posts_start_with(app: Flask, ana: Browser) -> None:
    told = kept(ana, a_picture())
    ana.post(f"{LIBRARY}/{told['id']}/alt", data={"alt": "A leaf"})
    assert kept(ana, a_picture())["alt"] == "A leaf"
    assert "A leaf" in ana.get(f"{LIBRARY}/pick").text


def test_a_file_in_use_stays_and_says_where_it_is_used(app: Flask, cast: Cast, ana: Browser) -> None:
    told = kept(ana, a_picture())
    post = use_in_a_post(app, cast, told["id"])
    assert f"/w/tea/posts/{post}" in ana.get(f"{LIBRARY}/{told['id']}").text
    assert "In 1 post" in ana.get(LIBRARY).text
    answer = ana.post(f"{LIBRARY}/{told['id']}/delete", follow_redirects=True)
    assert "A post uses this file. Take it out of the post first." in answer.text and len(assets(app)) == 1


def test_a_file_that_nobody_uses_can_go(app: Flask, ana: Browser) -> None:
    told = kept(ana, a_picture())
    answer = ana.post(f"{LIBRARY}/{told['id']}/delete", follow_redirects=True)
    assert "The file is deleted." in answer.text and assets(app) == []


def test_a_viewer_sees_the_library_but_changes_nothing(app: Flask, cast: Cast, ana: Browser) -> None:
    told = kept(ana, a_picture())
    with app.app_context():
        viewer = a_viewer(db.session.merge(cast.tea))
        db.session.refresh(viewer)
        db.session.expunge(viewer)
    client = client_of(app, viewer)
    page = client.get(LIBRARY)
    assert page.status_code == 200 and "library-files" not in page.text
    refused = send(client, a_picture(colour="red"))
    assert refused.status_code == 403 and refused.json
    one = f"{LIBRARY}/{told['id']}"
    assert [client.post(f"{one}/{what}").status_code for what in ("alt", "delete")] == [403, 403]
