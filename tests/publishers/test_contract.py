"""Every platform of the registry is held to all that it declares, and is known nowhere else in the house."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

import publishers
from publishers.base import Publisher
from publishers.values import Content
from tests.publishers import contract, matrix
from tests.publishers.contract import Core

HOUSE = Path(__file__).parents[2]
ROOMS = ("calendar_app", "workers", "templates")
CODE = (".py", ".html")
WRITTEN = (".py", ".html", ".js", ".css", ".mjs", ".txt")
NOT_WRITTEN_HERE = ("static/dist", "migrations/versions", "translations")

# What an adapter declares, and the part of the contract that holds it to that.
DECLARED: tuple[tuple[type[Core], Callable[[Publisher], bool]], ...] = (
    (contract.TakesImages, lambda it: it.default_limits.image.max_count > 0),
    (contract.TakesVideo, lambda it: it.default_limits.video.max_count > 0),
    (contract.Prepares, lambda it: bool(it.materials(Content("text", (matrix.PICTURE,))))),
    (contract.HoldsKeys, lambda it: it.key_lives is not None),
    (contract.Finds, lambda it: it.finds),
    (contract.Measures, lambda it: bool(it.metrics)),
    (contract.Deletes, lambda it: it.can("delete")),
    (contract.Edits, lambda it: it.can("edit")),
    (contract.ReadsComments, lambda it: it.can("comments")),
    (contract.AnswersComments, lambda it: it.can("answer")),
    (contract.Follows, lambda it: bool(it.follows)),
    (contract.Refreshes, lambda it: it.can("refresh")),
    (contract.ConnectsByOAuth, lambda it: it.uses_oauth and bool(it.app_fields)),
    (contract.ConnectsByForm, lambda it: not it.uses_oauth and _types_a_secret(it)),
)

# Where a platform's name may stand outside of its own files: whose, and why.
OF_THE_DEMO = frozenset({"mastodon", "bluesky"})
OF_THE_PLAN = frozenset({"weibo", "wechat", "douyin"})
DEMO = "the demo's own platforms have addresses and accounts by name"
DRAWN = "these have a drawing and a colour of their own; any other platform gets a letter"
EXAMPLE = "an example in a sentence for people"
OF_A_PROCESS = "the threads of a process"
EXCEPTIONS: Mapping[str, tuple[frozenset[str], str]] = {
    "calendar_app/demo/": (OF_THE_DEMO | OF_THE_PLAN, DEMO),
    "calendar_app/cli.py": (OF_THE_DEMO, DEMO),
    "workers/up.py": (OF_THE_DEMO, DEMO),
    "workers/__main__.py": (OF_THE_DEMO | {"threads"}, f"{DEMO}; and {OF_A_PROCESS}"),
    "calendar_app/web/platforms.py": (OF_THE_DEMO, DRAWN),
    "calendar_app/static/src/css/parts/components.css": (OF_THE_DEMO, DRAWN),
    "calendar_app/static/src/css/parts/composer.css": (frozenset({"mastodon"}), DRAWN),
    "calendar_app/web/styleguide.py": (OF_THE_DEMO, EXAMPLE),
    "templates/styleguide.html": (OF_THE_DEMO, EXAMPLE),
    "calendar_app/web/channel_forms.py": (frozenset({"mastodon"}), EXAMPLE),
    "calendar_app/config.py": (frozenset({"telegram"}), EXAMPLE),
    "calendar_app/database.py": (frozenset({"threads"}), OF_A_PROCESS),
    "calendar_app/web/operations_words.py": (frozenset({"threads"}), OF_A_PROCESS),
    "calendar_app/web/probes.py": (frozenset({"threads"}), OF_A_PROCESS),
    "workers/jobs.py": (frozenset({"threads"}), OF_A_PROCESS),
    "workers/lanes.py": (frozenset({"threads"}), OF_A_PROCESS),
    "workers/queues.py": (frozenset({"threads"}), OF_A_PROCESS),
    "workers/web.py": (frozenset({"threads"}), OF_A_PROCESS),
}
SPEAKING = sorted(name for name, publisher in publishers.PLATFORMS.items() if not publisher.assisted)

every_platform = pytest.mark.parametrize("name", sorted(publishers.PLATFORMS))
every_speaking_platform = pytest.mark.parametrize("name", SPEAKING)


@every_speaking_platform
def test_a_platform_is_held_to_everything_that_it_declares(name: str) -> None:
    publisher = publishers.get(name)
    held = tuple(classes_of(name))

    assert held, f"tests/publishers/test_{name}.py has no class made of the contract's parts"
    declared = [part for part, declares in DECLARED if declares(publisher)]
    missing = [part.__name__ for part in declared if not any(issubclass(each, part) for each in held)]
    assert missing == [], f"declared by {type(publisher).__name__} and not tried"


@every_platform
def test_a_platform_is_registered_under_its_own_name(name: str) -> None:
    assert publishers.get(name).name == name
    assert type(publishers.get(name)).__module__ == f"publishers.{name}"


@every_platform
def test_a_platform_tells_its_operators_what_to_apply_for(name: str) -> None:
    page = (HOUSE / "publishers" / f"{name}.md").read_text(encoding="utf-8")

    assert page.startswith("# ")
    assert len(page) > 400


@every_speaking_platform
def test_a_platform_has_a_simulator(name: str) -> None:
    assert callable(import_module(f"publishers.simulators.{name}").serve)


@every_speaking_platform
def test_a_simulator_shares_no_reading_of_the_protocol_with_its_adapter(name: str) -> None:
    allowed = re.compile(r"publishers\.simulators\b")
    for path in sorted((HOUSE / "publishers" / "simulators").glob(f"{name}*.py")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if re.match(r"\s*(from|import) publishers\b", line):
                assert allowed.search(line), f"{path.name}: {line}"


@every_speaking_platform
def test_a_platform_is_named_nowhere_else_in_the_house(name: str) -> None:
    assert [place for place in _named(name) if not _excepted(name, place)] == []


@pytest.mark.parametrize("place", sorted(EXCEPTIONS))
def test_no_exception_outlives_its_reason(place: str) -> None:
    names, _reason = EXCEPTIONS[place]
    known = names & set(SPEAKING)

    left_over = [name for name in known if not any(each.startswith(place) for each in _named(name))]
    assert left_over == []


ANOTHER_WAY = re.compile(
    r"^\s*(?:import|from) (?:socket|ssl|smtplib|ftplib|asyncio|requests|urllib\.request|http\.client)\b"
    r"|httpx\.(?:Client|AsyncClient|get|post|put|delete|request|stream)\(",
    re.MULTILINE,
)


def test_every_call_of_an_adapter_goes_the_one_way_that_a_rehearsal_can_close() -> None:
    outside = {
        path.name: found[0]
        for path in sorted((HOUSE / "publishers").glob("*.py"))
        if path.name != "wire.py" and (found := ANOTHER_WAY.search(path.read_text(encoding="utf-8")))
    }

    assert outside == {}


def test_adapters_are_told_what_time_it_is_so_that_a_rehearsal_can_play_a_week() -> None:
    own_clocks = re.compile(r"datetime\.now\(|utcnow\(|time\.time\(")
    found = [
        path.name
        for path in sorted((HOUSE / "publishers").glob("*.py"))
        if path.name != "present.py" and own_clocks.search(path.read_text(encoding="utf-8"))
    ]

    assert found == []


def test_the_readme_tells_what_each_platform_can_do() -> None:
    page = matrix.README.read_text(encoding="utf-8")

    assert matrix.BEGIN in page and matrix.END in page
    assert matrix.written(page) == page, "run: make matrix"


def classes_of(name: str) -> Iterator[type[Core]]:
    """The classes that hold a platform to the contract."""
    module = import_module(f"tests.publishers.test_{name}")
    for each in vars(module).values():
        is_own = isinstance(each, type) and issubclass(each, Core) and each.__module__ == module.__name__
        if is_own and each.publisher.name == name:
            yield each


def _types_a_secret(publisher: Publisher) -> bool:
    return any(field.kind == "password" for field in publisher.connect_fields)


def _excepted(name: str, place: str) -> bool:
    return any(place.startswith(each) and name in names for each, (names, _reason) in EXCEPTIONS.items())


@cache
def _named(name: str) -> tuple[str, ...]:
    """The files of the house that name a platform: a short name counts where it is a text of its own."""
    is_short = len(name) < 5
    word = re.compile(
        rf"[\"']{name}[\"']|publishers\.{name}\b" if is_short else rf"(?<![a-z]){name}(?![a-z])",
        re.IGNORECASE,
    )
    written = CODE if is_short else WRITTEN
    return tuple(place for place, text in _house() if place.endswith(written) and word.search(text))


@cache
def _house() -> tuple[tuple[str, str], ...]:
    """Every file of the house that people write, with its text."""
    found = [path for room in ROOMS for path in sorted((HOUSE / room).rglob("*")) if path.suffix in WRITTEN]
    places = [(path.relative_to(HOUSE).as_posix(), path) for path in found]
    return tuple(
        (place, path.read_text(encoding="utf-8"))
        for place, path in places
        if not any(each in place for each in NOT_WRITTEN_HERE)
    )
