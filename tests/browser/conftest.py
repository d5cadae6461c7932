"""One house and one browser for all the walks; every window is watched for errors behind the page."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.desk import DESKTOP, SECONDS, Desk
from tests.browser.estate import PLANNER, Estate, opened

FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
PICTURES = Path(__file__).parents[2] / "build" / "browser"
HERE = Path(__file__).parent
PATIENCE = 300
FAILED = pytest.StashKey[bool]()

Sit = Callable[..., Desk]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "at_last: runs behind the other walks, when what it waits for is due")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Only the walks change places among themselves."""
    places = [at for at, item in enumerate(items) if HERE in item.path.parents]
    walks = sorted(
        (items[at] for at in places), key=lambda item: item.get_closest_marker("at_last") is not None
    )
    for at, walk in zip(places, walks, strict=True):
        items[at] = walk
        walk.add_marker(pytest.mark.timeout(PATIENCE))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report


@pytest.fixture(scope="package")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    """The running house with its demo, for all the walks."""
    with opened(tmp_path_factory.mktemp("estate")) as estate:
        yield estate


@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    expect.set_options(timeout=SECONDS * 1000)
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=chromium, headless=True, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def watched(request: pytest.FixtureRequest) -> Iterator[list[Desk]]:
    """The windows of this test: photographed when it fails, and without a trouble when it does not."""
    desks: list[Desk] = []
    yield desks
    if request.node.stash.get(FAILED, False):
        for number, desk in enumerate(desks):
            desk.picture(PICTURES / f"{re.sub(r'[^0-9A-Za-z]+', '-', request.node.name)}-{number}")
    troubles = [trouble for desk in desks for trouble in desk.take_troubles()]
    assert not troubles, "\n".join(troubles)


@pytest.fixture
def sit(estate: Estate, browser: Browser, watched: list[Desk]) -> Iterator[Sit]:
    """Seat a person at a fresh window, logged in; nobody where ``email`` is None."""
    seated: list[Desk] = []

    def seat(email: str | None = PLANNER, size: tuple[int, int] = DESKTOP) -> Desk:
        desk = Desk(browser, estate, size)
        seated.append(desk)
        watched.append(desk)
        return desk.enter(email) if email else desk

    yield seat
    for desk in seated:
        desk.close()


@pytest.fixture
def planner(sit: Sit) -> Desk:
    return sit(PLANNER)
