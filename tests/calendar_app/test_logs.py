"""Logs are readable or JSON, and no secret gets into them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from calendar_app import logs

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
    ],
)
def test_text_that_tells_a_secret_is_blanked(text: str) -> None:
    assert TELLTALE not in logs.redact(text)


def test_plain_words_are_left_alone() -> None:
    sentence = "The basic plan: 3 tokens of thanks, passwords are never shown; error_code=42"
    assert logs.redact(sentence) == sentence
