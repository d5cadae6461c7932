"""A pin as Pinterest's API writes it, and the pins that a board holds (Pinterest docs, api/v5/pins-create)."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from publishers import declarations
from publishers.base import Option
from publishers.errors import Evidence, Rejected, Temporary
from publishers.http import Http, Reply, opened
from publishers.matching import Likeness, likeness
from publishers.values import Content, Media, Problem
from publishers.words import LINK, TITLE, Words

PAGE, MOST_PAGES = 250, 4
FIRST_FRAME = 0
BOARD = Option(
    "board",
    Words("Board", "圖版", "图板"),
    required=True,
    hint=Words("Its name, or its number", "圖版名稱或編號", "图板名称或编号"),
)
OPTIONS = (
    BOARD,
    Option("title", TITLE, max_length=100),
    Option(
        "link",
        LINK,
        max_length=2048,
        kind="link",
        hint=Words("Where the pin leads", "點選釘圖後前往的網址", "点击图钉后前往的网址"),
    ),
)
ONE_COVER = Words(
    "Beside a video there may be one picture, its cover.",
    "影片只能搭配一張圖片作為封面。",
    "视频只能搭配一张图片作为封面。",
)


@dataclass(frozen=True)
class Pin:
    """A pin that is out."""

    remote_id: str
    title: str
    text: str
    link: str
    kind: str
    made_at: datetime


def description(content: Content) -> str:
    """The text of the pin."""
    return declarations.text(content)


def film_of(content: Content) -> Media | None:
    """The video, where there is one."""
    return next((media for media in content.media if media.kind == "video"), None)


def problems(content: Content) -> Iterator[Problem]:
    """What only Pinterest objects to."""
    if film_of(content) and len(content.media) > 2:
        yield Problem("pinterest_one_cover", "error", words=ONE_COVER)


def boards_of(traits: Mapping[str, str]) -> dict[str, str]:
    """The boards that the channel had when it was last read: names by id."""
    return dict(json.loads(traits.get("boards") or "{}"))


def options_of(traits: Mapping[str, str]) -> tuple[Option, ...]:
    """The fields of one channel: its boards are offered by name, unless it has more than were read."""
    boards = tuple(boards_of(traits).items())
    if not boards or traits.get("more_boards"):
        return OPTIONS
    return (Option("board", BOARD.label, boards, required=True), *OPTIONS[1:])


def board_of(content: Content, traits: Mapping[str, str]) -> str:
    """The id of the board that is meant, by its id or its name; ``Rejected`` where there is none or there are two."""
    wanted, boards = content.options.get("board", "").strip(), boards_of(traits)
    if wanted in boards:
        return wanted
    named = [id for id, name in boards.items() if name.casefold() == wanted.casefold()]
    if len(named) == 1:
        return named[0]
    if wanted.isdecimal() and (not boards or traits.get("more_boards")):
        return wanted
    listed = ", ".join(f"{name} ({id})" for id, name in boards.items())
    raise Rejected(f"There is no board {wanted} here, but these: {listed}", Evidence(code="unknown_board"))


def words(content: Content) -> dict[str, str]:
    """All of a pin that may be changed later."""
    return {
        "title": content.options.get("title", ""),
        "description": description(content),
        "link": content.options.get("link", ""),
        "alt_text": content.media[0].alt if content.media else "",
    }


def pin(content: Content, board_id: str, media_id: str) -> dict[str, Any]:
    """The whole request; ``media_id`` names an uploaded video."""
    said = {name: value for name, value in words(content).items() if value}
    return {"board_id": board_id, **said, "media_source": _source(content, media_id)}


def _source(content: Content, media_id: str) -> dict[str, Any]:
    pictures = [media for media in content.media if media.kind == "image"]
    if film_of(content):
        return {"source_type": "video_id", "media_id": media_id, **_cover(pictures)}
    kind = "url" if all(picture.url for picture in pictures) else "base64"
    items = [_picture(picture, kind) for picture in pictures]
    if len(items) == 1:
        return {"source_type": f"image_{kind}", **items[0]}
    several = "multiple_image_urls" if kind == "url" else "multiple_image_base64"
    return {"source_type": several, "items": items}


def _picture(picture: Media, kind: str) -> dict[str, str]:
    """Where Pinterest finds it; or all of it, where nobody serves it."""
    return {"url": picture.url} if kind == "url" else {"content_type": picture.mime, "data": _base64(picture)}


def _cover(pictures: list[Media]) -> dict[str, Any]:
    if not pictures:
        return {"cover_image_key_frame_time": FIRST_FRAME}
    if pictures[0].url:
        return {"cover_image_url": pictures[0].url}
    return {"cover_image_content_type": pictures[0].mime, "cover_image_data": _base64(pictures[0])}


def _base64(picture: Media) -> str:
    with opened(picture) as stream:
        return base64.b64encode(stream.read()).decode()


def kind_of(content: Content) -> str:
    """What Pinterest calls a pin with these files."""
    if film_of(content):
        return "video"
    return "image" if len(content.media) == 1 else "multiple_images"


def likest(listed: Iterator[Pin], content: Content) -> Pin | None:
    """The pin that says what ``content`` says, and leads where it leads; None where there is none."""
    wanted = words(content)
    best, found = Likeness.OTHER, None
    for each in listed:
        if each.kind != kind_of(content) or each.link.rstrip("/") != wanted["link"].rstrip("/"):
            continue
        if likeness(each.title, wanted["title"]) < Likeness.SAME:
            continue  # a title stays as it was written
        alike = likeness(each.text, wanted["description"])
        if alike > best:
            best, found = alike, each
    return found


def made_since(http: Http, board_id: str, since: datetime) -> Iterator[Pin]:
    """What was pinned to a board after ``since``, newest first; ``Temporary`` if there are too many."""
    asked = {"page_size": str(PAGE)}
    for _ in range(MOST_PAGES):
        pins, bookmark = http.get(f"/v5/boards/{board_id}/pins", _page, params=asked)
        yield from (each for each in pins if each.made_at >= since)
        if not bookmark or all(each.made_at < since for each in pins):
            return
        asked["bookmark"] = bookmark
    raise Temporary("There are too many newer pins to look through.", Evidence(code="too_many_posts"))


def _page(reply: Reply) -> tuple[list[Pin], str]:
    return [_pin(told) for told in reply.body["items"]], str(reply.body.get("bookmark") or "")


def _pin(told: Mapping[str, Any]) -> Pin:
    made_at = datetime.fromisoformat(told["created_at"])
    return Pin(
        str(told["id"]),
        str(told.get("title") or ""),
        str(told.get("description") or ""),
        str(told.get("link") or ""),
        str((told.get("media") or {}).get("media_type", "")),
        made_at if made_at.tzinfo else made_at.replace(tzinfo=UTC),
    )
