"""compose.yaml and the operating page can not drift from what they describe: every command and setting is looked up."""

from __future__ import annotations

import re
import signal
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from flask import Flask
from sqlalchemy import select

from calendar_app.config import Config
from calendar_app.extensions import db
from calendar_app.models import Beat
from tests.servers import HOST, free_port, wait_until
from tests.workers.crew import crew
from workers.__main__ import cli
from workers.queues import LAST_ERRANDS
from workers.up import is_healthy

ROOT = Path(__file__).parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
OURS = {name: service for name, service in COMPOSE["services"].items() if service["image"] == "almanac"}
PAGES = "\n".join((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "OPERATING.md"))
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


class Asked(dict[str, str]):
    """An environment that remembers which variables it was asked for."""

    def __init__(self, values: dict[str, str]) -> None:
        super().__init__(values)
        self.names: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.names.add(name)
        return super().get(name, default)


@pytest.fixture
def settings(tmp_path: Path) -> set[str]:
    """The name of every setting that there is."""
    asked = Asked({"ALMANAC_DATA": str(tmp_path / "data")})
    Config.from_environ(asked)
    return asked.names


def seconds(text: str) -> float:
    return float(text.removesuffix("s"))


@pytest.mark.parametrize("name", OURS)
def test_the_command_of_every_service_exists(name: str) -> None:
    word, *arguments = OURS[name]["command"]
    command = cli.get_command(click.Context(cli), word)
    assert command is not None
    command.make_context(word, list(arguments))


def test_every_kind_of_worker_has_a_service(settings: set[str]) -> None:
    worker = cli.commands["worker"]
    (queue,) = (parameter for parameter in worker.params if parameter.name == "queue")
    assert isinstance(queue.type, click.Choice)
    served = {service["command"][1] for service in OURS.values() if service["command"][0] == "worker"}
    assert served == set(queue.type.choices)


def test_only_settings_that_exist_are_set(settings: set[str]) -> None:
    named = {name for service in OURS.values() for name in service["environment"]}
    named |= set(re.findall(r"ALMANAC_[A-Z_]+", DOCKERFILE))
    assert named <= settings


def test_the_page_explains_every_setting_and_no_other(settings: set[str]) -> None:
    table = re.findall(r"^\|(.*)\|.*\|.*\|$", PAGES, re.MULTILINE)
    explained = set(re.findall(r"`(ALMANAC_[A-Z_]+)`", "\n".join(table)))
    assert explained == settings


def test_the_pages_speak_of_no_setting_that_does_not_exist(settings: set[str]) -> None:
    elsewhere = {"ALMANAC_NEW_PASSWORD"}
    assert set(re.findall(r"ALMANAC_[A-Z_]+", PAGES)) <= settings | elsewhere


def test_the_pages_name_every_service_and_every_command() -> None:
    assert [name for name in COMPOSE["services"] if f"`{name}`" not in PAGES] == []
    code = re.findall(r"```sh\n(.*?)```", PAGES, re.DOTALL) + re.findall(r"`([^`\n]+)`", PAGES)
    named = {
        word
        for text in code
        for word in re.findall(r"(?:^|/|web )almanac ([a-z][a-z-]*)", text, re.MULTILINE)
    }
    assert {"up", "migrate", "doctor", "restored", "rotate-keys"} <= named
    assert [word for word in named if cli.get_command(click.Context(cli), word) is None] == []


def test_the_media_folder_is_on_a_volume_that_all_processes_share() -> None:
    folders = {name: service["environment"]["ALMANAC_MEDIA"] for name, service in OURS.items()}
    mounted = {name: service["volumes"] for name, service in OURS.items()}
    assert set(folders.values()) == {"/srv/almanac/media"}
    assert all(volumes == ["media:/srv/almanac/media"] for volumes in mounted.values())
    assert "media" in COMPOSE["volumes"]


@pytest.mark.parametrize("name", ["publish", "background", "render"])
def test_workers_are_given_the_time_that_their_last_work_takes(name: str) -> None:
    assert OURS[name]["stop_signal"] == "SIGTERM"
    assert seconds(OURS[name]["stop_grace_period"]) > LAST_ERRANDS + 5


def test_nothing_runs_as_root_and_no_secret_is_in_the_image() -> None:
    assert re.search(r"^USER 10001$", DOCKERFILE, re.MULTILINE)
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert ignored[1] == "*", "what is not named stays outside"
    assert not [line for line in ignored if line.startswith("!") and ("data" in line or "env" in line)]


def test_the_image_is_made_of_what_exists_and_is_not_left_out() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    taken = [line.split()[1:-1] for line in DOCKERFILE.splitlines() if re.match(r"COPY (?!--)", line)]
    for path in (path for paths in taken for path in paths):
        assert (ROOT / path).exists()
        assert f"!{path.partition('/')[0]}" in ignored


def test_the_pages_are_asked_whether_the_house_is_ready(app: Flask) -> None:
    (address,) = re.findall(r"http://127\.0\.0\.1:8100(/\w+)", " ".join(OURS["web"]["healthcheck"]["test"]))
    assert address in {rule.rule for rule in app.url_map.iter_rules()}


def test_only_this_machine_reaches_the_pages_without_a_proxy() -> None:
    published = {
        name: service["ports"] for name, service in COMPOSE["services"].items() if "ports" in service
    }
    assert published == {"web": ["127.0.0.1:8100:8100"]}


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_every_service_starts_and_stops_in_good_order(config: Config, app: Flask, tmp_path: Path) -> None:
    port = str(free_port())
    with crew(config, MEDIA=str(tmp_path / "media"), LOG_FORMAT="json") as hands, app.app_context():
        assert hands.start(*OURS["migrate"]["command"]).end() == 0
        houses = {
            name: hands.start(*(port if word == "8100" else word for word in service["command"]))
            for name, service in OURS.items()
            if name != "migrate"
        }
        wait_until(
            lambda: beating() == {"clock", "publish", "background", "render"}, "their signs of life", 60
        )
        wait_until(lambda: is_healthy(HOST, int(port)), "the pages", 60)
        for house in houses.values():
            house.signal(signal.SIGTERM)
        assert {name: house.end() for name, house in houses.items()} == dict.fromkeys(houses, 0)
        assert beating() == set()


def beating() -> set[str]:
    db.session.rollback()
    return set(db.session.scalars(select(Beat.kind)))
