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


def logged(tmp_path: Path, log_format: str) -> list[str]:
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


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_no_secret_reaches_the_log(tmp_path: Path, log_format: str) -> None:
    lines = logged(tmp_path, log_format)
    assert len(lines) >= 5
    assert not [line for line in lines if TELLTALE in line]


def test_text_is_one_readable_line_for_an_event(tmp_path: Path) -> None:
    lines = logged(tmp_path, "text")
    assert lines[0].endswith(
        "info    channel connected channel=7 access_token='***' nested={'app_password': '***', 'handle': '@tea'}"
    )
    assert lines[1].endswith("warning calling https://tea:***@host/path?code=***&page=2")


def test_json_is_one_object_for_an_event_with_its_process_and_traceback(tmp_path: Path) -> None:
    events = [json.loads(line) for line in logged(tmp_path, "json")]
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
