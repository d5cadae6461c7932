"""What a person does on the screens, a step a function, in any language and on any window."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from playwright.sync_api import Locator, expect

from tests.browser.desk import Desk

ZONE = "Asia/Hong_Kong"
BOTH = re.compile("^shanlan")
LONG = 150_000


@dataclass(frozen=True)
class Written:
    """A post as its planner wrote it; ``due_at`` is the instant that the form promises."""

    id: int
    text: str
    due_at: datetime


def full_minute(at_least: timedelta, now: datetime | None = None) -> datetime:
    """The first full minute that is at least so far away: the form knows no seconds."""
    later = (now or datetime.now(UTC)) + at_least
    return later.replace(second=0, microsecond=0) + timedelta(minutes=1)


def choose_channels(desk: Desk, name: re.Pattern[str] = BOTH, count: int = 2) -> None:
    """Tick the channels whose handle is like ``name``."""
    boxes = desk.page.get_by_role("checkbox", name=name)
    expect(boxes).to_have_count(count)
    for box in boxes.all():
        box.check()


def set_time(desk: Desk, due_at: datetime, zone: str = ZONE) -> None:
    wall = due_at.astimezone(ZoneInfo(zone))
    desk.page.locator("#zone").fill(zone)
    desk.page.locator("#date").fill(wall.strftime("%Y-%m-%d"))
    desk.page.locator("#time").fill(wall.strftime("%H:%M"))


def upload(desk: Desk, file: Path) -> None:
    """Choose a file in the browser's own file dialog."""
    desk.page.locator("#words-master [data-media-files]").set_input_files(file)


def attach(desk: Desk, file: Path, alt: str) -> None:
    """Upload a picture and say what is to be seen on it."""
    upload(desk, file)
    item = desk.page.locator("#words-master .media-item").last
    expect(item.locator(".media-name")).to_have_text(file.name)
    item.locator(".media-alt").fill(alt)


def save(desk: Desk, how: str = "Save draft") -> int:
    """Press one of the two buttons; the number of the post whose page opens."""
    desk.button(how).click()
    desk.page.wait_for_url(re.compile(r"/posts/\d+$"))
    return int(desk.page.url.rpartition("/")[2])


def standing(desk: Desk, state: str) -> None:
    """Await the state of the whole post on its page, which renews itself."""
    expect(desk.page.locator("#post-standing [data-state]")).to_have_attribute("data-state", state)


def deliveries(desk: Desk, state: str) -> Locator:
    return desk.page.locator(f"#deliveries .delivery[data-state={state}]")
