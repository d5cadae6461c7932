"""A house for one rehearsal: a database of its own, files that platforms can fetch, and channels on simulated platforms."""

from __future__ import annotations

import re
import secrets
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import structlog
from flask import Flask
from sqlalchemy import event, insert, select, update

import publishers
from calendar_app import ahead, content, database, parcels, preparing
from calendar_app.config import Config
from calendar_app.extensions import db
from calendar_app.models import Channel, ChannelState, Delivery, Post, State, Variant
from calendar_app.rehearsal import judging
from calendar_app.rehearsal.files import served
from calendar_app.rehearsal.platforms import Platforms, name_of
from calendar_app.rehearsal.playing import FastClock, play
from calendar_app.rehearsal.report import Report
from calendar_app.rehearsal.week import TABLES, Row, Week
from calendar_app.settings import config, vault
from calendar_app.vault import Vault
from publishers import present, wire

SECONDS = 60.0
log = structlog.get_logger()
# Numbers, addresses and lists by number: what only the real platform knows.
PLACE = re.compile(r"\d{8,}|://|\burn:|^\{")
# What a delivery has of its tries so far: none of it is known to a simulated platform.
AFRESH: Row = {
    **dict.fromkeys(("rung_at", "lease_token", "lease_until", "prepare_at", "preparing_until", "check_at")),
    **dict.fromkeys(("handles", "handles_until", "handles_for", "warnings", "look_at", "sample_at")),
    **dict.fromkeys(("error", "evidence_id")),
    "tries": 0,
    "looks": 0,
}


def rehearse(week: Week, seconds: float = SECONDS) -> Report:
    """Play the week through, for ``seconds`` at most; needs the app's context and leaves its session alone."""
    begun = time.monotonic()
    with structlog.contextvars.bound_contextvars(rehearsal=True), ExitStack() as closing:
        app = closing.enter_context(_opened(config()))
        platforms = Platforms(closing)
        with app.app_context():
            _furnish(week)
            _open_platforms(platforms)
            with wire.confined_to([*platforms.urls, config().base_url]):
                report = _played(week, platforms, begun + seconds)
            db.session.remove()
    return replace(report, seconds=time.monotonic() - begun)


def _played(week: Week, platforms: Platforms, until: float) -> Report:
    clock = FastClock(week.begins, platforms)
    with present.told_by(clock):
        _join(platforms)
        _approve(week)
        finished = play(clock, platforms, week.ends, until)
    return judging.judge(week, None if finished else clock())


@contextmanager
def _opened(real: Config) -> Iterator[Flask]:
    """An app without any page, upon an empty database in a folder that vanishes; real secrets stay outside."""
    secret = secrets.token_urlsafe(32)
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
        url = f"sqlite:///{Path(folder) / 'rehearsal.db'}"
        app = Flask(__name__)
        app.config.from_mapping(
            SECRET_KEY=secret,
            SECRET_KEY_FALLBACKS=[],
            SQLALCHEMY_DATABASE_URI=url,
            SQLALCHEMY_ENGINE_OPTIONS=database.engine_options(url, database.FEW),
        )
        own: Row = {"data": Path(folder), "media": real.media_root, "database_url": url, "redis_url": None}
        app.extensions["almanac.vault"] = Vault((secret,))
        db.init_app(app)
        with served(app) as base_url:
            app.extensions["almanac.config"] = replace(real, **own, secret_keys=(secret,), base_url=base_url)
            with app.app_context():
                event.listen(db.engine, "connect", _careless)
                db.create_all()
            try:
                yield app
            finally:
                with app.app_context():
                    db.engine.dispose()


def _careless(connection: Any, _record: Any) -> None:
    """Nothing here has to outlive a loss of power."""
    connection.execute("PRAGMA synchronous=OFF")


def _furnish(week: Week) -> None:
    for model in TABLES:
        rows = week.rows[model.__tablename__]
        if model is Channel:
            rows = [row | {"credentials": vault().seal({}), "refresh_until": None} for row in rows]
        if model is Delivery:
            known = set(model.__table__.columns.keys())
            rows = [row | {name: AFRESH[name] for name in AFRESH if name in known} for row in rows]
        if rows:
            db.session.execute(insert(model.__table__), rows)
    _remember(week)
    db.session.commit()


def _remember(week: Week) -> None:
    """What the channels sent of late counts towards their quotas; what it said is of no matter."""
    if not week.sent:
        return
    [workspace] = week.rows["workspace"]
    blank = Post(
        workspace_id=workspace["id"],
        wall_time=week.begins.replace(tzinfo=None),
        zone=week.zone,
        due_at=week.begins,
        created_at=week.begins,
        edited_at=week.begins,
    )
    db.session.add(blank)
    db.session.flush()
    same = {"workspace_id": workspace["id"], "post_id": blank.id, "state": State.PUBLISHED, "digest": ""}
    instants = ("promised_at", "not_later_than", "due_at", "published_at", "created_at")
    out = [
        {**same, "key": "", "channel_id": channel_id, **dict.fromkeys(instants, instant)}
        for channel_id, instant in week.sent
    ]
    db.session.execute(insert(Delivery), out)


def _open_platforms(platforms: Platforms) -> None:
    for channel in _channels():
        with _or_left_out(channel.id):
            platforms.open(channel.id, channel.platform, content.limits_of(channel), channel.traits)
    db.session.commit()


def _join(platforms: Platforms) -> None:
    """Only where it is and who it is there are swapped: limits, pace and the end of the sign-in stay its own."""
    for channel in _channels():
        with _or_left_out(channel.id):
            found = platforms.join(channel.id, channel.platform)
            channel.base_url, channel.remote_id, channel.handle = (
                found.base_url,
                found.remote_id,
                found.handle,
            )
            channel.credentials = vault().seal(found.credentials)
            channel.traits = _moved(channel, found.traits)
            _choose_there(channel)
    db.session.commit()


@contextmanager
def _or_left_out(channel_id: int) -> Iterator[None]:
    """A channel that can not be simulated is left out, and the rest of the week is rehearsed without it."""
    try:
        yield
    except Exception:
        log.exception("a channel can not be rehearsed", channel=channel_id)
        here = (Delivery.channel_id == channel_id, Delivery.state == State.SCHEDULED)
        db.session.execute(update(Delivery).where(*here).values(state=State.CANCELED))
        db.session.execute(update(Channel).where(Channel.id == channel_id).values(state=ChannelState.REMOVED))


def _moved(channel: Channel, there: Mapping[str, str]) -> dict[str, str]:
    """The channel's own traits; but what names somebody or some place on the platform is the fresh account's."""
    name = name_of(channel.id)
    who_or_where = {key for key, value in there.items() if name in value.lower() or PLACE.search(value)}
    who_or_where |= {key for key, value in channel.traits.items() if key in there and PLACE.search(value)}
    told = {key: value for key, value in there.items() if key != "pace"}
    return told | {key: value for key, value in channel.traits.items() if key not in who_or_where}


def _choose_there(channel: Channel) -> None:
    """A board or a list of the real account is not there: where the fresh one has others, the first of them serves."""
    publisher = publishers.get(channel.platform)
    everywhere = {option.name: option.choices for option in publisher.options}
    there = {option.name: option.choices for option in publisher.options_of(channel.traits)}
    for variant in db.session.scalars(select(Variant).where(Variant.channel_id == channel.id)):
        chosen = dict(variant.options or {})
        for name, value in chosen.items():
            choices = there.get(name, ())
            if value and choices and choices != everywhere.get(name) and value not in dict(choices):
                chosen[name] = choices[0][0]
        variant.options = chosen


def _channels() -> list[Channel]:
    """Those that post by themselves."""
    known = publishers.PLATFORMS
    query = select(Channel).where(Channel.state != ChannelState.REMOVED).order_by(Channel.id)
    found = db.session.scalars(query).all()
    return [each for each in found if each.platform in known and not known[each.platform].assisted]


def _approve(week: Week) -> None:
    """Where a channel is belongs to the seal: what was approved is sealed anew for where the channel is now."""
    scheduled = select(Delivery).where(Delivery.state == State.SCHEDULED).options(*parcels.whole())
    for delivery in db.session.scalars(scheduled).unique().all():
        if delivery.variant is None:
            continue
        if delivery.id in week.approved:
            delivery.digest = content.digest(delivery.variant)
        preparing.renew(delivery, delivery.variant, week.begins)
        if publishers.get(delivery.channel.platform).can("refresh"):
            delivery.check_at = max(week.begins, delivery.due_at - ahead.LAST)
    db.session.commit()
