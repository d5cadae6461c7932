"""Logs are readable or JSON, and no secret gets into them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, MutableMapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import select
from structlog.testing import capture_logs

from calendar_app import logs, publishing
from calendar_app.extensions import db
from calendar_app.models import Attempt, Channel, Delivery
from publishers.simulators.server import Server
from tests.calendar_app.conftest import Watch
from tests.people import NOW, Cast, an_approved_post

TELLTALE = "hunter2-hunter2"
PROGRAM = """
import logging, os
import structlog
from calendar_app import logs
from calendar_app.config import Config

logs.set_up(Config.from_environ(os.environ), "web")
log = structlog.get_logger()
log.info("channel connected", channel=7, access_token=SECRET, nested={"app_password": SECRET, "handle": "@tea"})
logging.getLogger("someone.else").warning("calling %s", f"https://tea:{SECRET}@host/path?code={SECRET}&page=2")
logging.getLogger("someone.else").warning('answered {"accessJwt": "%s"}', SECRET)
try:
    raise RuntimeError(f"Authorization: Bearer {SECRET}")
except RuntimeError:
    log.exception("it broke")
with logs.about("publish", delivery=7, worker="here:1"):
    logs.note(outcome="published", late_ms=41)
log.info("database", url=os.environ["ALMANAC_DATABASE_URL"], key=os.environ["ALMANAC_SECRET_KEY"])
"""


@pytest.fixture(scope="module")
def text_lines(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return logged(tmp_path_factory.mktemp("text"), "text")


@pytest.fixture(scope="module")
def json_lines(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return logged(tmp_path_factory.mktemp("json"), "json")


def logged(tmp_path: Path, log_format: str) -> list[str]:
    """What a process with a tell-tale secret in every place logs."""
    environ = {
        "ALMANAC_DATA": str(tmp_path),
        "ALMANAC_LOG_FORMAT": log_format,
        "ALMANAC_DATABASE_URL": f"postgres://ana:{TELLTALE}@db/almanac",
        "ALMANAC_SECRET_KEY": TELLTALE * 2,
    }
    done = subprocess.run(
        [sys.executable, "-c", f"SECRET = {TELLTALE!r}\n{PROGRAM}"],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stderr.splitlines()


@pytest.mark.parametrize("log", ["text_lines", "json_lines"])
def test_no_secret_reaches_the_log(request: pytest.FixtureRequest, log: str) -> None:
    lines = request.getfixturevalue(log)
    assert len(lines) >= 5
    assert not [line for line in lines if TELLTALE in line]


def test_text_is_one_readable_line_for_an_event(text_lines: list[str]) -> None:
    assert text_lines[0].endswith(
        "info    channel connected channel=7 access_token='***' nested={'app_password': '***', 'handle': '@tea'}"
    )
    assert text_lines[1].endswith("warning calling https://tea:***@host/path?code=***&page=2")


def test_json_tells_the_end_of_a_walk_with_its_ids_and_the_time_in_utc(json_lines: list[str]) -> None:
    (ended,) = (event for event in map(json.loads, json_lines) if event["event"] == "step ended")
    assert (ended["step"], ended["delivery"], ended["outcome"], ended["late_ms"]) == (
        "publish",
        7,
        "published",
        41,
    )
    assert datetime.fromisoformat(ended["at"]).utcoffset() == timedelta(0)


def test_json_is_one_object_for_an_event_with_its_process_and_traceback(json_lines: list[str]) -> None:
    events = [json.loads(line) for line in json_lines]
    assert {event["process"] for event in events} == {"web"}
    assert events[0]["channel"] == 7 and events[0]["nested"]["handle"] == "@tea"
    broken = next(event for event in events if event["event"] == "it broke")
    assert broken["level"] == "error" and "RuntimeError" in broken["exception"]


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {TELLTALE}",
        f"token={TELLTALE}&status=ok",
        f'{{"refresh_token": "{TELLTALE}"}}',
        f"client_secret='{TELLTALE}'",
        f"https://ana:{TELLTALE}@example.com/",
        f"/callback?code={TELLTALE}&state=1",
        f"GET /h/{TELLTALE}/files/1",
    ],
)
def test_text_that_tells_a_secret_is_blanked(text: str) -> None:
    assert TELLTALE not in logs.redact(text)


def test_plain_words_are_left_alone() -> None:
    sentence = "The basic plan: 3 tokens of thanks, passwords are never shown; error_code=42"
    assert logs.redact(sentence) == sentence


@pytest.fixture
def said() -> Iterator[list[MutableMapping[str, Any]]]:
    """What is logged meanwhile, with what its context adds."""
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        yield lines


def a_due_delivery(cast: Cast, channel: Channel) -> Delivery:
    return an_approved_post(cast, channel, at=NOW + timedelta(minutes=1)).deliveries[0]


def test_a_walk_ends_in_one_line_with_its_ids_outcome_and_lateness(
    cast: Cast, toots: Channel, watch: Watch, said: list[MutableMapping[str, Any]]
) -> None:
    delivery = a_due_delivery(cast, toots)
    watch.now = delivery.promised_at + timedelta(milliseconds=41)
    with logs.about("publish", delivery=delivery.id, worker="a-worker"):
        publishing.publish(delivery.id, "a-worker", watch, watch.wait_until)
    (line,) = said
    attempt = db.session.scalars(select(Attempt)).one()
    assert line == {
        "event": "step ended",
        "log_level": "info",
        "step": "publish",
        "delivery": delivery.id,
        "channel": toots.id,
        "attempt": attempt.id,
        "worker": "a-worker",
        "outcome": "published",
        "late_ms": 41,
    }


def test_every_line_within_a_walk_carries_its_ids(
    cast: Cast, toots: Channel, watch: Watch, said: list[MutableMapping[str, Any]], mastodon_server: Server
) -> None:
    delivery = a_due_delivery(cast, toots)
    watch.now = delivery.promised_at
    mastodon_server.close()
    with logs.about("publish", delivery=delivery.id, worker="a-worker"):
        publishing.publish(delivery.id, "a-worker", watch, watch.wait_until)
    assert len(said) > 1
    assert {(line["delivery"], line["channel"], line["step"]) for line in said} == {
        (delivery.id, toots.id, "publish")
    }


def test_who_comes_second_says_nothing(
    cast: Cast, toots: Channel, watch: Watch, said: list[MutableMapping[str, Any]]
) -> None:
    delivery = a_due_delivery(cast, toots)
    with logs.about("publish", delivery=delivery.id, worker="a-worker"):
        publishing.publish(delivery.id, "a-worker", watch, watch.wait_until)
    assert said == []


def test_what_was_noted_ends_with_its_walk(said: list[MutableMapping[str, Any]]) -> None:
    logs.note(outcome="nobody listens")
    with pytest.raises(RuntimeError), logs.about("publish", delivery=1):
        logs.note(outcome="published")
        raise RuntimeError
    with logs.about("settle", delivery=2):
        pass
    structlog.get_logger().info("afterwards")
    assert said == [{"event": "afterwards", "log_level": "info"}]
