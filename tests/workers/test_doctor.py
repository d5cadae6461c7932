"""The doctor finds what is wrong with a set-up and says what to do, in plain words and without secrets."""

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis
from flask import Flask
from PIL import Image

from calendar_app import library
from calendar_app.config import Config
from calendar_app.extensions import db
from calendar_app.models import Beat
from tests.conftest import SECRET_KEY
from tests.people import a_channel, an_approved_post, gather
from tests.servers import PostgresServer, RedisServer, free_port
from workers import examine_machine, examine_services
from workers.doctor import examine, look_at
from workers.findings import Finding, Weight


@pytest.fixture
def environ(config: Config) -> dict[str, str]:
    return {
        "ALMANAC_DATA": str(config.data),
        "ALMANAC_DATABASE_URL": config.database_url,
        "ALMANAC_REDIS_URL": config.redis_url or "",
        "ALMANAC_SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz",
    }


def wrongs(findings: list[Finding]) -> dict[str, str]:
    """What is wrong, with its advice."""
    return {found.sentence: found.advice for found in findings if found.weight is Weight.WRONG}


def beat(app: Flask, at: datetime, *kinds: str) -> None:
    with app.app_context():
        for kind in kinds:
            db.session.add(Beat(name=f"here:{kind}:1", kind=kind, host="here", pid=1, beat_at=at))
        db.session.commit()


def test_a_sound_set_up_has_nothing_wrong(environ: dict[str, str], app: Flask) -> None:
    beat(app, datetime.now(UTC), "clock", "publish", "background", "render")
    findings = [found for found in look_at(environ) if found.topic != "Pages"]
    assert wrongs(findings) == {}
    topics = {found.topic for found in findings}
    assert {"Data folder", "Secret key", "Address", "Database", "Redis", "FFmpeg", "Processes"} <= topics


def test_a_database_on_a_server_is_asked_for_the_time(environ: dict[str, str]) -> None:
    on_a_server = environ["ALMANAC_DATABASE_URL"].startswith("postgresql")
    asked = [found for found in look_at(environ) if found.topic == "Time"]
    assert [found.weight for found in asked] == ([Weight.GOOD] if on_a_server else [])


def test_something_wrong_makes_the_command_fail(environ: dict[str, str]) -> None:
    said: list[str] = []
    assert examine(environ | {"ALMANAC_LEASE": "soon"}, said.append) == 1
    assert any("ALMANAC_LEASE holds 'soon'" in line for line in said)
    assert said[-1].strip() == "1 to mend."


def test_every_finding_that_is_not_good_says_what_to_do(environ: dict[str, str]) -> None:
    environ |= {"ALMANAC_BASE_URL": "http://calendar.example.com", "ALMANAC_SECRET_KEY": "a" * 16}
    findings = list(look_at(environ))
    assert len(wrongs(findings)) >= 5
    assert all(found.advice for found in findings if found.weight is not Weight.GOOD)


def test_silent_processes_are_missed_by_name(environ: dict[str, str], app: Flask) -> None:
    beat(app, datetime.now(UTC), "clock")
    beat(app, datetime.now(UTC) - timedelta(minutes=7), "publish")
    missed = wrongs(list(look_at(environ)))
    assert missed["The last publish process was heard of 7 minutes ago."].startswith(
        "Start one: almanac worker publish"
    )
    assert missed["No background process has ever reported."].startswith(
        "Start one: almanac worker background"
    )
    assert not [sentence for sentence in missed if "clock" in sentence]


def test_an_empty_database_is_to_be_migrated(environ: dict[str, str], tmp_path: Path) -> None:
    fresh = environ | {"ALMANAC_DATABASE_URL": f"sqlite:///{tmp_path / 'fresh.db'}"}
    assert wrongs(list(look_at(fresh)))["Its tables are not up to date."] == "almanac migrate"


def test_a_file_that_is_no_database_is_told(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "letter.db").write_text("Dear database, " * 1000)
    findings = list(look_at(environ | {"ALMANAC_DATABASE_URL": f"sqlite:///{tmp_path / 'letter.db'}"}))
    told = next(sentence for sentence in wrongs(findings) if "can not be used" in sentence)
    assert "file is not a database" in told


def test_servers_that_do_not_answer_are_told_without_their_passwords(environ: dict[str, str]) -> None:
    port = free_port()
    environ |= {
        "ALMANAC_DATABASE_URL": f"postgres://ana:moonlight@127.0.0.1:{port}/almanac",
        "ALMANAC_REDIS_URL": f"redis://:sunlight@127.0.0.1:{port}/0",
    }
    said: list[str] = []
    assert examine(environ, said.append) == 1
    text = "\n".join(said)
    assert f"postgresql+psycopg://ana:***@127.0.0.1:{port}/almanac can not be used" in text
    assert f"redis://:***@127.0.0.1:{port}/0 can not be used" in text
    assert "mend ALMANAC_DATABASE_URL" in text and "mend ALMANAC_REDIS_URL" in text
    assert "moonlight" not in text and "sunlight" not in text


def test_a_database_name_that_does_not_exist_is_told(
    environ: dict[str, str], postgres_server: PostgresServer
) -> None:
    environ["ALMANAC_DATABASE_URL"] = postgres_server.url("no_such_tea")
    assert any(
        'database "no_such_tea" does not exist' in sentence for sentence in wrongs(list(look_at(environ)))
    )


def test_no_redis_at_all_is_told(environ: dict[str, str]) -> None:
    missing = wrongs(list(look_at(environ | {"ALMANAC_REDIS_URL": ""})))
    assert "almanac up" in missing["None is named, and almanac up has not started one here."]


def test_a_redis_that_forgets_when_full_is_wrong(redis_server: RedisServer) -> None:
    with redis.Redis(port=redis_server.port) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        findings = list(examine_services.redis_settings(dict(client.info())))
        client.config_set("maxmemory-policy", "noeviction")
    assert list(wrongs(findings)) == ["It drops keys when memory is short (allkeys-lru)."]


def test_a_redis_without_a_file_is_only_noted(redis_server: RedisServer) -> None:
    with redis.Redis(port=redis_server.port) as client:
        client.config_set("appendonly", "no")
        findings = list(examine_services.redis_settings(dict(client.info())))
        client.config_set("appendonly", "yes")
    assert [found.weight for found in findings] == [Weight.GOOD, Weight.NOTE]


def test_an_old_redis_is_wrong_and_any_valkey_is_not() -> None:
    old = {"redis_version": "5.0.7", "aof_enabled": 1}
    assert "Redis 5.0.7 is too old." in wrongs(list(examine_services.redis_settings(old)))
    valkey = {"redis_version": "7.2.4", "valkey_version": "8.1.0", "aof_enabled": 1}
    assert [str(found) for found in examine_services.redis_settings(valkey)] == [
        "ok     Redis: Valkey 8.1.0 answers."
    ]


def test_a_folder_that_others_can_enter_is_wrong(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert examine_machine.data_folder(tmp_path).advice == f"chmod 700 {tmp_path}"
    tmp_path.chmod(0o700)
    assert examine_machine.data_folder(tmp_path).weight is Weight.GOOD


def test_a_media_folder_that_is_not_mounted_is_wrong(tmp_path: Path) -> None:
    settings = {"ALMANAC_DATA": str(tmp_path / "data"), "ALMANAC_MEDIA": str(tmp_path / "shared")}
    config = Config.from_environ(settings)
    assert [found.weight for found in examine_machine.media_folder(config)] == [Weight.WRONG]
    (tmp_path / "shared").mkdir()
    assert [found.topic for found in examine_machine.media_folder(config)] == ["Media folder", "Disk space"]


def test_uploads_that_another_host_took_and_this_one_can_not_see_are_wrong(
    environ: dict[str, str], app: Flask, tmp_path: Path
) -> None:
    with app.app_context():
        cast = gather()
        picture = tmp_path / "tea.png"
        Image.new("RGB", (8, 8), "green").save(picture)
        library.add(cast.tea, picture, "tea.png", cast.ana, cast.now)
        db.session.commit()
    assert "Uploads" in {found.topic for found in look_at(environ) if found.weight is Weight.GOOD}
    (tmp_path / "elsewhere").mkdir()
    missed = wrongs(list(look_at(environ | {"ALMANAC_MEDIA": str(tmp_path / "elsewhere")})))
    told = next(sentence for sentence in missed if sentence.startswith("1 of the latest 1 "))
    assert "every host mount one folder" in missed[told]


def test_a_host_whose_key_does_not_open_the_credentials_is_wrong(environ: dict[str, str], app: Flask) -> None:
    with app.app_context():
        a_channel(gather().tea)
    opening = environ | {"ALMANAC_SECRET_KEY": f"{environ['ALMANAC_SECRET_KEY']},{SECRET_KEY}"}
    assert not [sentence for sentence in wrongs(list(look_at(opening))) if "stored ones" in sentence]
    assert "The secret key does not open 1 of 1 stored ones." in wrongs(list(look_at(environ)))


def test_a_database_that_came_back_from_a_backup_is_told(
    environ: dict[str, str], app: Flask, config: Config
) -> None:
    with app.app_context():
        cast = gather()
        an_approved_post(cast, a_channel(cast.tea))
    config.media_root.mkdir()
    (config.media_root / "ledger-mark").write_text(datetime(2030, 3, 5, tzinfo=UTC).isoformat())
    (told,) = [sentence for sentence in wrongs(list(look_at(environ))) if "was it restored?" in sentence]
    assert "until 2030-03-05 00:00 UTC" in told


def test_a_host_whose_clock_is_off_is_named_as_such(environ: dict[str, str], app: Flask) -> None:
    with app.app_context():
        for host, offset in (("here", 0.2), ("there", -7.0)):
            facts = {"offset": offset}
            db.session.add(
                Beat(name=host, kind="clock", host=host, pid=1, beat_at=datetime.now(UTC), facts=facts)
            )
        db.session.commit()
    notes = [found.sentence for found in look_at(environ) if found.weight is Weight.NOTE]
    assert "there and the database are 7.0 s apart." in notes
    assert not [sentence for sentence in notes if sentence.startswith("here and")]


def test_a_kept_key_that_others_can_read_is_wrong(tmp_path: Path) -> None:
    config = Config.from_environ({"ALMANAC_DATA": str(tmp_path)})
    (tmp_path / "secret_key").chmod(0o644)
    assert [found.advice for found in examine_machine.secret_keys(config, {})] == [
        f"chmod 600 {tmp_path / 'secret_key'}"
    ]


@pytest.mark.parametrize(
    ("base_url", "secure", "proxies", "weight", "words"),
    [
        ("http://127.0.0.1:8100", False, 0, Weight.GOOD, "127.0.0.1"),
        ("http://localhost:8100", False, 0, Weight.GOOD, "localhost"),
        ("http://calendar.example.com", False, 0, Weight.WRONG, "sends passwords unencrypted"),
        ("http://127.0.0.1:8100", True, 0, Weight.WRONG, "no one can log in"),
        ("https://calendar.example.com", False, 1, Weight.WRONG, "sent unencrypted"),
        ("https://calendar.example.com", True, 0, Weight.NOTE, "no proxy is trusted"),
        ("https://calendar.example.com", True, 1, Weight.GOOD, "calendar.example.com"),
    ],
)
def test_the_address_and_its_cookies_must_fit(
    tmp_path: Path, base_url: str, secure: bool, proxies: int, weight: Weight, words: str
) -> None:
    config = Config.from_environ({"ALMANAC_DATA": str(tmp_path)})
    changed = dataclasses.replace(config, base_url=base_url, cookie_secure=secure, trusted_proxies=proxies)
    found = examine_machine.public_address(changed)
    assert found.weight is weight and words in found.sentence
