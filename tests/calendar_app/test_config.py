"""The set-up is read once, and what can not be used is refused with a sentence that says what to write."""

import dataclasses
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from calendar_app.config import Config, ConfigError, kept_secret_key, without_password
from calendar_app.logs import secrets_of


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"ALMANAC_DATA": str(tmp_path / "data")}


def test_nothing_has_to_be_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = Config.from_environ({})
    assert config.data == tmp_path / "data"
    assert config.database_path == tmp_path / "data" / "almanac.db"
    assert config.redis_url is None
    assert config.base_url == "http://127.0.0.1:8100" and not config.cookie_secure
    assert config.sample_ages[0] == timedelta(minutes=10) and config.sample_ages[-1] == timedelta(days=30)


def test_it_can_not_be_changed(environ: dict[str, str]) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Config.from_environ(environ).lease = timedelta(0)  # type: ignore[misc]


def test_an_empty_variable_counts_as_absent(environ: dict[str, str]) -> None:
    config = Config.from_environ({**environ, "ALMANAC_LEASE": "", "ALMANAC_REDIS_URL": " "})
    assert config.lease == timedelta(seconds=120) and config.redis_url is None


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_spelling_of_postgresql_means_psycopg_3(environ: dict[str, str], scheme: str) -> None:
    config = Config.from_environ({**environ, "ALMANAC_DATABASE_URL": f"{scheme}://ana:pw@db/almanac"})
    assert config.database_url == "postgresql+psycopg://ana:pw@db/almanac"
    assert config.database_path is None and not config.is_sqlite


def test_a_relative_sqlite_file_gets_its_whole_path(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = Config.from_environ({**environ, "ALMANAC_DATABASE_URL": "sqlite:///here.db"})
    assert config.database_url == f"sqlite:///{tmp_path / 'here.db'}"
    assert config.database_path == tmp_path / "here.db"


def test_a_secret_key_is_made_once_and_kept_to_its_owner(environ: dict[str, str]) -> None:
    first = Config.from_environ(environ)
    assert Config.from_environ(environ).secret_keys == first.secret_keys
    assert len(first.secret_key) >= 48
    assert stat.S_IMODE((first.data / "secret_key").stat().st_mode) == 0o600
    assert sorted(path.name for path in first.data.iterdir()) == ["secret_key"]


def test_processes_that_start_together_agree_on_one_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = kept_secret_key(tmp_path)
    monkeypatch.setattr(Path, "exists", lambda self: False)
    assert kept_secret_key(tmp_path) == key


def test_several_keys_let_old_secrets_be_read(environ: dict[str, str]) -> None:
    keys = "new-key-long-enough, old-key-long-enough"
    config = Config.from_environ({**environ, "ALMANAC_SECRET_KEY": keys})
    assert config.secret_keys == ("new-key-long-enough", "old-key-long-enough")
    assert config.secret_key == "new-key-long-enough"


def test_cookies_are_for_https_alone_when_the_address_is(environ: dict[str, str]) -> None:
    address = {"ALMANAC_BASE_URL": "https://calendar.example.com/"}
    config = Config.from_environ({**environ, **address})
    assert config.cookie_secure and config.base_url == "https://calendar.example.com"
    assert not Config.from_environ({**environ, **address, "ALMANAC_COOKIE_SECURE": "no"}).cookie_secure


def test_ages_are_written_with_their_unit(environ: dict[str, str]) -> None:
    config = Config.from_environ({**environ, "ALMANAC_SAMPLE_AGES": "30s, 1.5h,2d"})
    assert config.sample_ages == (timedelta(seconds=30), timedelta(minutes=90), timedelta(days=2))


@pytest.mark.parametrize(
    ("name", "value", "advice"),
    [
        ("DATABASE_URL", "mysql://host/name", "Write postgresql://"),
        ("DATABASE_URL", "sqlite:///", "sqlite:////absolute/path.db"),
        ("REDIS_URL", "localhost:6379", "redis://127.0.0.1:6379/0"),
        ("REDIS_URL", "redis://", "names no host"),
        ("REDIS_URL", "redis://redis:port/0", "names a port that is no number up to 65535: redis:port"),
        ("REDIS_URL", "redis://redis/tea", "Write its number"),
        ("REDIS_URL", "redis://redis/0?db=tea", "Invalid value for 'db'"),
        ("REDIS_URL", "redis://redis/0?ssl_ca_certs=/ca.pem", "'ssl_ca_certs', which redis:// does not take"),
        ("REDIS_URL", "redis+sentinel://one,two", "host1:26379,host2:26379/service/0"),
        ("REDIS_URL", "redis+sentinel://one,,two/main", "names a Sentinel without a host"),
        ("SECRET_KEY", "short", "openssl rand -base64 48"),
        ("METRICS_TOKEN", "short", "openssl rand -hex 24"),
        ("BASE_URL", "calendar.example.com", "https://calendar.example.com"),
        ("LEASE", "soon", "Write it as 30s, 10m, 6h or 3d"),
        ("LEASE", "0", "more than 0 seconds"),
        ("SAMPLE_AGES", "1h,10m", "growing ages"),
        ("SAMPLE_AGES", ",", "growing ages"),
        ("MAX_IMAGE_BYTES", "ten", "Write a whole number"),
        ("MAX_VIDEO_BYTES", "0", "more than 0"),
        ("COOKIE_SECURE", "maybe", "Write yes or no"),
        ("LOG_FORMAT", "xml", "Choose one of: text, json"),
        ("DEFAULT_ZONE", "Asia/Atlantis", "Asia/Taipei"),
        ("DEFAULT_ZONE", "Asia", "Asia/Taipei"),
        ("DEFAULT_ZONE", "../etc/passwd", "Asia/Taipei"),
        ("DEFAULT_LOCALE", "zh_TW", "zh_Hant"),
        ("TRUSTED_PROXIES", "-1", "Write a whole number"),
    ],
)
def test_what_can_not_be_used_is_named_with_what_to_write(
    environ: dict[str, str], name: str, value: str, advice: str
) -> None:
    with pytest.raises(ConfigError) as refusal:
        Config.from_environ({**environ, f"ALMANAC_{name}": value})
    assert f"ALMANAC_{name}" in str(refusal.value) and advice in str(refusal.value)


@pytest.mark.parametrize(
    "address",
    [
        "redis://:sunlight@redis:6379/0",
        "rediss://ana:sunlight@redis/0?ssl_ca_certs=/etc/ca.pem",
        "unix://:sunlight@/run/redis.sock?db=1",
        "valkeys://valkey:6379/0",
        "redis+sentinel://ana:sunlight@one:26379,two,[::1]:26380/main/0?sentinel_password=moonlight",
        "rediss+sentinel://one/main?ssl_ca_certs=/etc/ca.pem",
    ],
)
def test_every_form_of_a_redis_address_is_taken_and_shown_without_its_passwords(
    environ: dict[str, str], address: str
) -> None:
    config = Config.from_environ({**environ, "ALMANAC_REDIS_URL": address})
    assert config.redis_url == address
    shown = without_password(address)
    assert "light" not in shown and shown.partition(":")[0] == address.partition(":")[0]
    told = {"sunlight", "moonlight"} & set(secrets_of(config))
    assert told == {word for word in ("sunlight", "moonlight") if word in address}


def test_uploads_may_live_outside_the_data_folder(environ: dict[str, str], tmp_path: Path) -> None:
    assert Config.from_environ(environ).media_root == tmp_path / "data" / "media"
    shared = {**environ, "ALMANAC_MEDIA": str(tmp_path / "shared")}
    assert Config.from_environ(shared).media_root == tmp_path / "shared"


def test_a_data_folder_that_can_not_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigError, match="Set ALMANAC_DATA to a folder you may write to"):
        Config.from_environ({"ALMANAC_DATA": str(tmp_path / "file" / "data")})


def test_its_printed_form_shows_no_secret(environ: dict[str, str]) -> None:
    environ |= {
        "ALMANAC_DATABASE_URL": "postgres://ana:moonlight@db/almanac",
        "ALMANAC_REDIS_URL": "redis://:sunlight@redis:6379/0",
        "ALMANAC_SECRET_KEY": "starlight-starlight",
    }
    printed = repr(Config.from_environ(environ))
    assert not [secret for secret in ("moonlight", "sunlight", "starlight") if secret in printed]
    assert "postgresql+psycopg://ana:***@db/almanac" in printed


def test_an_address_is_shown_without_its_password() -> None:
    assert without_password("redis://:pw@host:1/0") == "redis://:***@host:1/0"
    assert without_password("sqlite:////a/b.db") == "sqlite:////a/b.db"
