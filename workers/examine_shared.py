"""What the doctor can tell of the things that every host must share: uploads, and keys that open what is sealed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import select

from calendar_app import ledger_mark, store
from calendar_app.config import Config
from calendar_app.extensions import db
from calendar_app.models import Asset, Beat, Channel, PlatformApp
from calendar_app.settings import vault
from calendar_app.vault import Sealed
from workers.findings import Finding, good, note, wrong

LOOKED_AT = 50
FAR_OFF = timedelta(seconds=1)


def look_at(config: Config) -> Iterator[Finding]:
    """To be asked inside the app's context, with the tables up to date."""
    yield uploads(config)
    yield from ledger()
    yield sealed_secrets()
    yield from clocks_of_hosts()


def uploads(config: Config) -> Finding:
    """Whether the latest uploads of all hosts lie in this host's folder."""
    names = db.session.scalars(select(Asset.sha256).order_by(Asset.id.desc()).limit(LOOKED_AT)).all()
    missing = sum(not store.path_of(name).is_file() for name in names)
    if not missing:
        return good(
            "Uploads",
            f"The latest {len(names)} are in {config.media_root}." if names else "There are none yet.",
        )
    advice = "Have every host mount one folder and name it in ALMANAC_MEDIA; after a restore, bring the uploads back too."
    return wrong("Uploads", f"{missing} of the latest {len(names)} are not in {config.media_root}.", advice)


def ledger() -> Iterator[Finding]:
    """Whether the database knows of everything that was tried, as the note beside the uploads remembers it."""
    missing = ledger_mark.missing()
    if missing is not None:
        sentence = f"It lacks tries that were made until {missing:%Y-%m-%d %H:%M} UTC: was it restored?"
        advice = "almanac restored --backup-at TIME. Until then no clock rings. If another database is meant, delete "
        yield wrong("Database", sentence, f"{advice}{ledger_mark.path()}.")


def sealed_secrets() -> Finding:
    """Whether this host's secret keys open every stored credential."""
    sealed = [
        *db.session.scalars(select(Channel.credentials)),
        *db.session.scalars(select(PlatformApp.secrets)),
    ]
    closed = sum(not _opens(secret) for secret in sealed if secret)
    if not closed:
        return good("Credentials", "The secret key opens all that are stored.")
    advice = "Give every host the same ALMANAC_SECRET_KEY, with the key they were sealed with among its keys."
    return wrong(
        "Credentials", f"The secret key does not open {closed} of {len(sealed)} stored ones.", advice
    )


def _opens(secret: bytes) -> bool:
    try:
        vault().open(secret)
    except Sealed:
        return False
    return True


def clocks_of_hosts() -> Iterator[Finding]:
    """Hosts whose processes found their clock far from the database's; they go by the database's, so nothing is early."""
    for host, offset in sorted(_offsets().items()):
        if abs(offset) > FAR_OFF.total_seconds():
            advice = f"Switch on time synchronisation (NTP) on {host}. Posts go out by the database's time meanwhile."
            yield note("Time", f"{host} and the database are {abs(offset):.1f} s apart.", advice)


def _offsets() -> dict[str, float]:
    beats = db.session.scalars(select(Beat).order_by(Beat.beat_at))
    return {beat.host: float(beat.facts["offset"]) for beat in beats if beat.facts and "offset" in beat.facts}
