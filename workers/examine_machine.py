"""What the doctor can tell from this machine alone: folders, keys, addresses, programs."""

import ipaddress
import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from calendar_app.config import MIB, Config
from workers.findings import Finding, good, note, wrong

GIB = 1024 * MIB
LITTLE_SPACE, TOO_LITTLE_SPACE = 2 * GIB, 200 * MIB
SHORTEST_KEY, FEWEST_CHARACTERS = 32, 10
FONT_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.fonts",
    "~/.local/share/fonts",
    "/Library/Fonts",
)
CHINESE_FONTS = ("*CJK*", "*SourceHan*", "wqy-*", "*PingFang*", "uming*", "ukai*", "*Droid*Fallback*")


def look_at(config: Config, environ: Mapping[str, str]) -> Iterator[Finding]:
    yield data_folder(config.data)
    yield from media_folder(config)
    yield free_space(config.data)
    yield from secret_keys(config, environ)
    yield public_address(config)
    yield front_end()
    yield ffmpeg()
    yield chinese_fonts()


def data_folder(folder: Path) -> Finding:
    """Owned by this user, closed to others, and writable."""
    facts = folder.stat()
    if facts.st_uid != os.getuid():
        owner, me = _user(facts.st_uid), _user(os.getuid())
        return wrong(
            "Data folder", f"{folder} belongs to {owner}, not to {me}.", f"sudo chown -R {me} {folder}"
        )
    if facts.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return wrong(
            "Data folder", f"Other users of this machine can look into {folder}.", f"chmod 700 {folder}"
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        return wrong("Data folder", f"{folder} can not be written to.", f"chmod 700 {folder}")
    return good("Data folder", f"{folder} is ours alone.")


def media_folder(config: Config) -> Iterator[Finding]:
    """Uploads outside the data folder: a folder that is there (a mount that failed is not) and takes files."""
    folder = config.media
    if folder is None:
        return
    if not folder.is_dir():
        advice = "Mount it, or make it, and give it to this user; every host names the same folder."
        yield wrong("Media folder", f"{folder} is not there.", advice)
    elif not os.access(folder, os.W_OK | os.X_OK):
        yield wrong(
            "Media folder", f"{folder} can not be written to.", f"chown {_user(os.getuid())} {folder}"
        )
    else:
        yield good("Media folder", f"{folder} takes files.")
        yield free_space(folder)


def free_space(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    sentence = f"{free / GIB:.1f} GiB are free where {folder} is."
    advice = "Make room on that disk, or move the folder and name it in ALMANAC_DATA or ALMANAC_MEDIA."
    if free < TOO_LITTLE_SPACE:
        return wrong("Disk space", sentence, advice)
    return note("Disk space", sentence, advice) if free < LITTLE_SPACE else good("Disk space", sentence)


def secret_keys(config: Config, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Long enough, not a placeholder, and not readable by others where it is a file."""
    if any(len(key) < SHORTEST_KEY or len(set(key)) < FEWEST_CHARACTERS for key in config.secret_keys):
        advice = "Put a new one first, as made by: openssl rand -base64 48. Then run: almanac rotate-keys"
        yield wrong("Secret key", "A key in ALMANAC_SECRET_KEY is short or easy to guess.", advice)
        return
    kept = config.data / "secret_key"
    if environ.get("ALMANAC_SECRET_KEY", "").strip():
        yield good("Secret key", "Strong, from ALMANAC_SECRET_KEY.")
    elif kept.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield wrong("Secret key", f"Other users of this machine can read {kept}.", f"chmod 600 {kept}")
    else:
        yield good(
            "Secret key", f"Strong, kept in {kept}. Back it up: credentials can not be read without it."
        )


def public_address(config: Config) -> Finding:
    """Encrypted where others can listen, and cookies that fit the address."""
    parts = urlsplit(config.base_url)
    encrypted, here = parts.scheme == "https", _is_this_machine(parts.hostname or "")
    if config.cookie_secure and not encrypted:
        advice = "Set ALMANAC_BASE_URL to the https:// address people use, or ALMANAC_COOKIE_SECURE=no."
        return wrong(
            "Address", f"Cookies are for https only but {config.base_url} is not: no one can log in.", advice
        )
    if not encrypted and not here:
        advice = "Put a web server with TLS in front and set ALMANAC_BASE_URL to its https:// address."
        return wrong("Address", f"{config.base_url} sends passwords unencrypted over the network.", advice)
    if encrypted and not config.cookie_secure:
        return wrong("Address", "Cookies would also be sent unencrypted.", "Remove ALMANAC_COOKIE_SECURE=no.")
    if encrypted and not config.trusted_proxies:
        advice = "Set ALMANAC_TRUSTED_PROXIES=1 when one web server stands in front."
        return note(
            "Address", f"{config.base_url}, but no proxy is trusted to tell visitors' addresses.", advice
        )
    return good("Address", f"{config.base_url}")


def front_end() -> Finding:
    from calendar_app.web.assets import is_built

    if is_built():
        return good("Pages", "Styles and scripts are built.")
    return wrong("Pages", "Styles and scripts are not built; pages are bare.", "npm ci && npm run build")


def ffmpeg() -> Finding:
    """The program that fits videos to a platform."""
    import imageio_ffmpeg

    try:
        program = imageio_ffmpeg.get_ffmpeg_exe()
        done = subprocess.run([program, "-version"], capture_output=True, text=True, check=True, timeout=20)
    except (RuntimeError, OSError, subprocess.SubprocessError) as error:
        return wrong(
            "FFmpeg", f"Videos can not be fitted: {error}", "pip install --force-reinstall imageio-ffmpeg"
        )
    return good("FFmpeg", " ".join(done.stdout.split()[:3]))


def chinese_fonts() -> Finding:
    """Only pictures that this machine draws need them; pages use the reader's own."""
    folders = [Path(folder).expanduser() for folder in FONT_FOLDERS]
    if any(next(folder.rglob(pattern), None) for folder in folders for pattern in CHINESE_FONTS):
        return good("Fonts", "Chinese can be drawn.")
    return note(
        "Fonts", "No Chinese font is installed; screenshots show boxes.", "apt-get install fonts-noto-cjk"
    )


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
