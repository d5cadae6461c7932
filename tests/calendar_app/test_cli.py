"""The commands that make people and workspaces, apply migrations and rotate keys."""

import dataclasses
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from calendar_app import create_app, database, people
from calendar_app.config import Config
from calendar_app.extensions import db
from calendar_app.models import Membership, PlatformApp, Role, Workspace
from calendar_app.vault import Vault
from workers.__main__ import cli as almanac

Run = Callable[..., Result]
ANA = ("--email", "Ana@Example.com", "--name", "Ana", "--password", "a long enough password")


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """Commands set up logging for a process of their own; here they are guests."""
    before = logging.getLogger().handlers[:]
    yield
    logging.getLogger().handlers[:] = before


@pytest.fixture
def run(config: Config) -> Run:
    """Runs ``almanac ...`` in the environment of the test's own set-up."""

    def run(*arguments: str, **environ: str) -> Result:
        settings = {
            "ALMANAC_DATA": str(config.data),
            "ALMANAC_DATABASE_URL": config.database_url,
            "ALMANAC_SECRET_KEY": config.secret_key,
        }
        return CliRunner().invoke(almanac, list(arguments), env=settings | environ)

    return run


def test_a_person_is_added_with_a_workspace(run: Run, app: Flask) -> None:
    done = run("user", "add", *ANA, "--zone", "Asia/Taipei", "--workspace", "Tea")
    assert done.exit_code == 0, done.output
    with app.app_context():
        person = people.authenticate("ana@example.com", "a long enough password")
        assert person is not None and person.zone == "Asia/Taipei"
        assert [workspace.name for workspace in people.workspaces_of(person)] == ["Tea"]


def test_what_is_not_given_is_asked_and_the_password_is_not_shown(config: Config, app: Flask) -> None:
    answers = "bo@example.com\nBo\na long enough password\na long enough password\n"
    settings = {"ALMANAC_DATA": str(config.data), "ALMANAC_DATABASE_URL": config.database_url}
    done = CliRunner().invoke(almanac, ["user", "add"], input=answers, env=settings)
    assert done.exit_code == 0, done.output
    assert "a long enough password" not in done.output
    with app.app_context():
        assert people.authenticate("bo@example.com", "a long enough password") is not None


def test_an_address_in_use_is_refused_with_a_sentence(run: Run) -> None:
    run("user", "add", *ANA)
    done = run("user", "add", *ANA)
    assert done.exit_code == 1
    assert "Someone already uses this e-mail address." in done.output


def test_a_weak_password_adds_no_one(run: Run, app: Flask) -> None:
    done = run("user", "add", *ANA[:4], "--password", "short")
    assert done.exit_code == 1 and "at least" in done.output
    with app.app_context():
        assert not people.anyone_here()


def test_a_workspace_is_added_for_someone_who_is_here(run: Run, app: Flask) -> None:
    run("user", "add", *ANA)
    done = run("workspace", "add", "--name", "Coffee", "--owner", "ana@example.com")
    assert done.exit_code == 0, done.output
    with app.app_context():
        coffee = db.session.scalars(db.select(Workspace)).one()
        member = db.session.scalars(db.select(Membership)).one()
        assert coffee.name == "Coffee" and member.role is Role.ADMIN


def test_a_workspace_for_a_stranger_is_refused(run: Run) -> None:
    done = run("workspace", "add", "--name", "Coffee", "--owner", "cy@example.com")
    assert done.exit_code == 1
    assert "almanac user add" in done.output


def test_an_empty_database_is_told_how_to_get_its_tables(run: Run, config: Config) -> None:
    fresh = f"sqlite:///{config.data / 'fresh.db'}"
    done = run("user", "add", *ANA, ALMANAC_DATABASE_URL=fresh)
    assert done.exit_code == 1 and "almanac migrate" in done.output
    assert run("migrate", ALMANAC_DATABASE_URL=fresh).exit_code == 0
    assert run("migrate", ALMANAC_DATABASE_URL=fresh).exit_code == 0
    assert database.is_current(create_app(dataclasses.replace(config, database_url=fresh)))
    assert run("user", "add", *ANA, ALMANAC_DATABASE_URL=fresh).exit_code == 0


def test_a_setting_that_can_not_be_used_is_one_sentence(run: Run) -> None:
    done = run("migrate", ALMANAC_LEASE="soon")
    assert done.exit_code == 1
    assert done.output.startswith("Error: ALMANAC_LEASE holds 'soon'")


def test_rotated_keys_open_everything_without_the_old_one(run: Run, app: Flask) -> None:
    old, new = "the-old-secret-key-of-the-tests", "the-new-secret-key-of-the-tests"
    keep_app_secrets(app, Vault([old]))
    done = run("rotate-keys", ALMANAC_SECRET_KEY=f"{new},{old}")
    assert done.exit_code == 0, done.output
    assert Vault([new]).open(kept_secrets(app)) == {"client_secret": "tea"}


def test_a_missing_old_key_changes_nothing(run: Run, app: Flask) -> None:
    old, new = "the-old-secret-key-of-the-tests", "the-new-secret-key-of-the-tests"
    keep_app_secrets(app, Vault([old]))
    done = run("rotate-keys", ALMANAC_SECRET_KEY=new)
    assert done.exit_code == 1 and "Add the key it was sealed with; nothing was changed." in done.output
    assert Vault([old]).open(kept_secrets(app)) == {"client_secret": "tea"}


def kept_secrets(app: Flask) -> bytes:
    with app.app_context():
        return db.session.scalars(db.select(PlatformApp.secrets)).one()


def keep_app_secrets(app: Flask, vault: Vault) -> None:
    with app.app_context():
        kept = PlatformApp(
            platform="mastodon",
            base_url="https://tea.example",
            redirect_uri="https://calendar.example/back",
            secrets=vault.seal({"client_secret": "tea"}),
            registered_at=datetime.now(UTC),
        )
        db.session.add(kept)
        db.session.commit()


def test_help_lists_every_command() -> None:
    done = CliRunner().invoke(almanac, ["--help"])
    for name in (
        "up",
        "web",
        "clock",
        "worker",
        "migrate",
        "doctor",
        "demo",
        "user",
        "workspace",
        "rotate-keys",
    ):
        assert f"  {name} " in done.output


@pytest.mark.parametrize("command", [("clock",), ("worker", "publish")])
def test_without_any_redis_the_way_to_one_is_told(run: Run, command: tuple[str, ...]) -> None:
    done = run(*command, ALMANAC_REDIS_URL="")
    assert done.exit_code == 1
    assert "Set ALMANAC_REDIS_URL to your Redis, or run everything with: almanac up" in done.output
