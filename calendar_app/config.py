"""Everything a set-up can choose, read once from ALMANAC_* environment variables.

``Config.from_environ(os.environ)`` is the only reader; the rest of the code is handed the frozen value.
"""

import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from calendar_app import redis_address

T = TypeVar("T")

PREFIX = "ALMANAC_"
LOCALES = ("en", "zh_Hant", "zh_Hans")
MIB = 1024 * 1024
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_PLAIN_POSTGRES = re.compile(r"^postgres(ql)?://")
_PASSWORDS = re.compile(r"(://[^/:@]*:)[^/]*(?=@)|(password=)[^&]*")


class ConfigError(ValueError):
    """A setting that can not be used; the message says which one and what to write instead."""


@dataclass(frozen=True)
class Config:
    """One set-up of Almanac. Durations are timedeltas, sizes are bytes.

    ``secret_keys[0]`` signs and encrypts; the others only read what an earlier key wrote.
    ``redis_url`` is None until a Redis is named or the supervisor has started its own. ``media`` is the folder of uploads
    that several hosts share; on one host it is in the data folder. ``metrics_token`` opens /metrics; empty closes it.
    ``relays`` are addresses by which platforms are reached from here, where these are not the platforms' own.
    """

    data: Path
    database_url: str = field(repr=False)
    secret_keys: tuple[str, ...] = field(repr=False)
    redis_url: str | None = field(default=None, repr=False)
    media: Path | None = None
    base_url: str = "http://127.0.0.1:8100"
    lease: timedelta = timedelta(seconds=120)
    rering: timedelta = timedelta(seconds=20)
    sample_ages: tuple[timedelta, ...] = (
        timedelta(minutes=10),
        timedelta(hours=1),
        timedelta(hours=6),
        timedelta(days=1),
        timedelta(days=3),
        timedelta(days=7),
        timedelta(days=30),
    )
    max_image_bytes: int = 40 * MIB
    max_image_pixels: int = 100_000_000
    max_video_bytes: int = 1024 * MIB
    max_video_seconds: int = 1800
    cookie_secure: bool = False
    trusted_proxies: int = 0
    log_format: str = "text"
    metrics_token: str = field(default="", repr=False)
    relays: Mapping[str, str] = field(default_factory=dict)
    default_zone: str = "UTC"
    default_locale: str = "en"

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Config":
        """Read every ALMANAC_* variable, make the data folder and, where none is given, a secret key.

        Raises ConfigError with a sentence for a person when a value can not be used.
        """
        read = _Reader(environ)
        data = make_data_folder(Path(read.text("DATA", "data")))
        base_url = read.parsed("BASE_URL", cls.base_url, _web_address)
        return cls(
            data=data,
            database_url=database_address(read.text("DATABASE_URL", f"sqlite:///{data / 'almanac.db'}")),
            secret_keys=read.parsed("SECRET_KEY", "", _secret_keys) or (kept_secret_key(data),),
            redis_url=read.parsed("REDIS_URL", "", _redis_address) or None,
            media=read.parsed("MEDIA", "", _folder),
            base_url=base_url,
            lease=read.parsed("LEASE", "120", _positive_seconds),
            rering=read.parsed("RERING", "20", _positive_seconds),
            sample_ages=read.parsed("SAMPLE_AGES", "10m,1h,6h,1d,3d,7d,30d", _ages),
            max_image_bytes=read.parsed("MAX_IMAGE_BYTES", str(cls.max_image_bytes), _positive_whole),
            max_image_pixels=read.parsed("MAX_IMAGE_PIXELS", str(cls.max_image_pixels), _positive_whole),
            max_video_bytes=read.parsed("MAX_VIDEO_BYTES", str(cls.max_video_bytes), _positive_whole),
            max_video_seconds=read.parsed("MAX_VIDEO_SECONDS", str(cls.max_video_seconds), _positive_whole),
            cookie_secure=read.parsed("COOKIE_SECURE", str(base_url.startswith("https://")), _yes_or_no),
            trusted_proxies=read.parsed("TRUSTED_PROXIES", "0", _whole),
            log_format=read.parsed("LOG_FORMAT", cls.log_format, _one_of("text", "json")),
            metrics_token=read.parsed("METRICS_TOKEN", "", _token),
            relays=read.parsed("RELAYS", "", _relays),
            default_zone=read.parsed("DEFAULT_ZONE", cls.default_zone, _zone),
            default_locale=read.parsed("DEFAULT_LOCALE", cls.default_locale, _one_of(*LOCALES)),
        )

    def __repr__(self) -> str:
        return f"Config(data={str(self.data)!r}, database={without_password(self.database_url)!r})"

    @property
    def secret_key(self) -> str:
        """The key that signs and encrypts today."""
        return self.secret_keys[0]

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    @property
    def database_path(self) -> Path | None:
        """The SQLite file, or None where the database is a server."""
        return Path(self.database_url.partition(":///")[2].partition("?")[0]) if self.is_sqlite else None

    @property
    def media_root(self) -> Path:
        """Where uploads are kept."""
        return self.media or self.data / "media"

    @property
    def redis_folder(self) -> Path:
        """Home of the embedded Redis: its socket, append-only file and password."""
        return self.data / "redis"


def make_data_folder(folder: Path) -> Path:
    """The absolute data folder, made readable by its owner alone when it is new."""
    folder = folder.expanduser().absolute()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"The data folder {folder} can not be made ({error.strerror}). "
            "Set ALMANAC_DATA to a folder you may write to."
        ) from error
    return folder


def kept_secret_key(data: Path) -> str:
    """The random key kept in the data folder; processes that start together agree on one."""
    path = data / "secret_key"
    try:
        if not path.exists():
            _write_once(path, secrets.token_urlsafe(48))
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise ConfigError(
            f"The secret key {path} can not be read or written ({error.strerror}). "
            "Give this user the data folder, or set ALMANAC_SECRET_KEY."
        ) from error


def _write_once(path: Path, text: str) -> None:
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(text)
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def database_address(url: str) -> str:
    """The SQLAlchemy address: ``postgres://`` comes to mean psycopg 3, an SQLite file gets its whole path."""
    url = _PLAIN_POSTGRES.sub("postgresql+psycopg://", url)
    if url.startswith("postgresql+psycopg://"):
        return url
    if url.startswith("sqlite:///") and len(url) > len("sqlite:///"):
        return f"sqlite:///{Path(url.removeprefix('sqlite:///')).absolute()}"
    raise ConfigError(
        f"ALMANAC_DATABASE_URL starts with {url.partition(':')[0]!r}. "
        "Write postgresql://user:password@host/name, or sqlite:////absolute/path.db."
    )


def without_password(url: str) -> str:
    """The address with its passwords hidden, fit for logs and messages."""
    return _PASSWORDS.sub(lambda found: f"{found[1] or found[2]}***", url)


class _Reader:
    """ALMANAC_* variables; an empty one counts as absent, as in compose files."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ

    def text(self, name: str, default: str) -> str:
        return self.environ.get(PREFIX + name, "").strip() or default

    def parsed(self, name: str, default: str, parse: Callable[[str], T]) -> T:
        """The value as ``parse`` reads it; a ValueError's text completes the sentence."""
        try:
            return parse(self.text(name, default))
        except ValueError as error:
            raise ConfigError(f"{PREFIX}{name} {error}") from error


def _secret_keys(text: str) -> tuple[str, ...]:
    keys = tuple(key.strip() for key in text.split(",") if key.strip())
    if any(len(key) < 16 for key in keys):
        raise ValueError("holds a key shorter than 16 characters. Make one with: openssl rand -base64 48")
    return keys


def _token(text: str) -> str:
    if text and len(text) < 16:
        raise ValueError("is shorter than 16 characters. Make one with: openssl rand -hex 24")
    return text


def _relays(text: str) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in text.replace(",", " ").split()]
    if any(not name or not address for name, _sign, address in pairs):
        raise ValueError(f"is {text!r}. Write it as telegram=https://relay.example.com, several by commas.")
    return {name: _web_address(address) for name, _sign, address in pairs}


def _redis_address(text: str) -> str:
    if text:
        redis_address.parse(text)
    return text


def _folder(text: str) -> Path | None:
    return Path(text).expanduser().absolute() if text else None


def _web_address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
        raise ValueError(f"is {text!r}. Write the public address, as in https://calendar.example.com.")
    return text.rstrip("/")


def duration(text: str) -> timedelta:
    """``90``, ``90s``, ``10m``, ``6h`` or ``3d`` as a timedelta; a bare number is seconds."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", text.strip())
    if not match:
        raise ValueError(f"holds {text!r}, which is no duration. Write it as 30s, 10m, 6h or 3d.")
    return timedelta(**{_UNITS[match[2] or "s"]: float(match[1])})


def _positive_seconds(text: str) -> timedelta:
    value = duration(text)
    if not value:
        raise ValueError("must be more than 0 seconds.")
    return value


def _ages(text: str) -> tuple[timedelta, ...]:
    ages = tuple(duration(part) for part in text.split(",") if part.strip())
    if not ages or list(ages) != sorted(set(ages)):
        raise ValueError("must list growing ages, as in 10m,1h,6h,1d.")
    return ages


def _whole(text: str) -> int:
    if not re.fullmatch(r"\d+", text):
        raise ValueError(f"is {text!r}. Write a whole number.")
    return int(text)


def _positive_whole(text: str) -> int:
    value = _whole(text)
    if not value:
        raise ValueError("must be more than 0.")
    return value


def _yes_or_no(text: str) -> bool:
    answers = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    if text.lower() not in answers:
        raise ValueError(f"is {text!r}. Write yes or no.")
    return answers[text.lower()]


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError(f"is {text!r}. Choose one of: {', '.join(choices)}.")
        return text

    return parse


def _zone(text: str) -> str:
    try:
        return ZoneInfo(text).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"is {text!r}, which is no time zone. Write one as in Asia/Taipei.") from error
