"""What Prometheus reads: the whole house, out of the ledger, behind a token, without a word that a person wrote."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import update

from calendar_app import gauges
from calendar_app.config import Config
from calendar_app.extensions import db
from calendar_app.models import Attempt, Beat, ChannelState, Delivery, Outcome, State, Step
from tests.people import Cast, a_channel, an_approved_post
from tests.web.test_calendar import at_home

TOKEN = "a-token-for-the-watchman"
WORDS = "Nobody but our readers should see this."


@pytest.fixture
def config(config: Config) -> Config:
    return replace(config, metrics_token=TOKEN)


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """SQLite, unless a test asks for the other."""
    url: str = request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_url")
    return url


@pytest.fixture
def ledger(app: Flask, cast: Cast) -> datetime:
    """A ledger in the midst of its work; answers the moment it was made."""
    now = datetime.now(UTC)
    with at_home(app, cast) as us:
        toots, skies = a_channel(us.tea), a_channel(us.other, "bluesky")
        skies.state = ChannelState.RECONNECT
        attempt(put(us, toots, now, state=State.FAILED), now - timedelta(hours=1), Outcome.REJECTED)
        for late, outcome in ((0.03, Outcome.PUBLISHED), (0.3, Outcome.PUBLISHED), (40, Outcome.ACCEPTED)):
            sent_at = now - timedelta(minutes=1)
            promised = sent_at - timedelta(seconds=late)
            delivery = put(us, toots, promised, state=State.PUBLISHED, published_at=sent_at)
            attempt(delivery, sent_at, outcome)
        attempt(put(us, toots, now - timedelta(seconds=90)), now - timedelta(seconds=80), None)
        put(us, toots, now, state=State.PUBLISHING, lease_until=now - timedelta(seconds=1))
        for kind, age in (("clock", 5), ("publish", 7), ("publish", 200)):
            beat_at = now - timedelta(seconds=age)
            facts = {"queues": {"publish": 4}} if kind == "clock" else None
            name = f"{kind}:{age}"
            db.session.add(Beat(name=name, kind=kind, host="h", pid=1, beat_at=beat_at, facts=facts))
        db.session.commit()
    return now


def put(us: Cast, channel: object, promised_at: datetime, **changes: object) -> Delivery:
    written = promised_at - timedelta(hours=1)
    (delivery,) = an_approved_post(us, channel, text=WORDS, at=promised_at, now=written).deliveries  # type: ignore[arg-type]
    db.session.execute(
        update(Delivery).where(Delivery.id == delivery.id).values({"prepare_at": None} | changes)
    )
    return delivery


def attempt(delivery: Delivery, at: datetime, outcome: Outcome | None) -> None:
    db.session.add(
        Attempt(delivery_id=delivery.id, step=Step.PUBLISH, opened_at=at, sent_at=at, outcome=outcome)
    )
    db.session.flush()


def scrape(app: Flask) -> dict[str, Metric]:
    answer = app.test_client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    return {family.name: family for family in text_string_to_metric_families(answer.text)}


def values(family: Metric) -> dict[tuple[str, ...], float]:
    """Each sample by its labels' values, in the alphabetical order of the labels' names."""
    return {tuple(sample.labels.values()): sample.value for sample in family.samples}


@pytest.mark.parametrize("header", [None, "", "Bearer", f"Bearer {TOKEN}x", f"Basic {TOKEN}", "Bearer \xe9"])
def test_without_the_token_nothing_is_told(app: Flask, header: str | None) -> None:
    answer = app.test_client().get(
        "/metrics", headers={"Authorization": header} if header is not None else {}
    )
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer" and "almanac" not in answer.text


def test_where_no_token_is_set_there_is_no_such_page(app: Flask) -> None:
    app.extensions["almanac.config"] = replace(app.extensions["almanac.config"], metrics_token="")
    assert app.test_client().get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


@pytest.mark.parametrize("database_url", ["sqlite", "postgres"], indirect=True)
def test_it_tells_the_house_as_the_ledger_has_it(app: Flask, ledger: datetime) -> None:
    told = scrape(app)
    states = values(told["almanac_deliveries"])
    assert states == {(state.value,): 0 for state in gauges.OPEN} | {
        ("scheduled",): 1,
        ("publishing",): 1,
        ("failed",): 1,
    }
    assert values(told["almanac_deliveries_due"]) == {(): 1}
    assert 90 <= values(told["almanac_deliveries_oldest_due_seconds"])[()] < 150
    assert values(told["almanac_leases_lapsed"]) == {(): 1}
    assert values(told["almanac_channels"]) == {("mastodon", "active"): 1, ("bluesky", "reconnect"): 1}
    assert values(told["almanac_processes"]) == {("clock",): 1, ("publish",): 1}
    assert 7 <= values(told["almanac_beat_age_seconds"])[("publish",)] < 60
    assert values(told["almanac_queue_length"]) == {("publish",): 4}


@pytest.mark.parametrize("database_url", ["sqlite", "postgres"], indirect=True)
def test_attempts_and_lateness_are_those_of_the_last_minutes(app: Flask, ledger: datetime) -> None:
    told = scrape(app)
    assert values(told["almanac_attempts_5m"]) == {
        ("published", "mastodon", "publish"): 2,
        ("accepted", "mastodon", "publish"): 1,
        ("open", "mastodon", "publish"): 1,
    }
    buckets = {
        sample.labels["le"]: sample.value
        for sample in told["almanac_lateness_5m_seconds"].samples
        if sample.name.endswith("_bucket")
    }
    bounds = ("0.05", "0.5", "15.0", "60.0", "+Inf")
    assert [buckets[bound] for bound in bounds] == [1, 2, 2, 3, 3]


def test_no_label_holds_what_a_person_wrote_or_a_secret(app: Flask, ledger: datetime) -> None:
    text = app.test_client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text
    assert not [
        word for word in (WORDS, "@tea", "Tea", "a-token", "example.com", "127.0.0.1") if word in text
    ]


def test_an_empty_house_has_numbers_too(app: Flask) -> None:
    told = scrape(app)
    assert set(values(told["almanac_deliveries"]).values()) == {0}
    assert values(told["almanac_deliveries_oldest_due_seconds"]) == {(): 0}


def test_a_scrape_without_a_database_says_so_and_nothing_else(app: Flask) -> None:
    with app.app_context():
        db.session.execute(db.text("DROP TABLE attempt"))
        db.session.commit()
    answer = app.test_client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert (answer.status_code, answer.text) == (503, "the database is away\n")


@pytest.mark.parametrize("count", [0, 1, 7])
def test_however_many_came_before_only_the_last_minutes_are_counted(
    app: Flask, cast: Cast, count: int
) -> None:
    now = datetime.now(UTC)
    with at_home(app, cast) as us:
        delivery = put(us, a_channel(us.tea), now)
        for minutes in range(60, 60 - count, -1):
            attempt(delivery, now - timedelta(minutes=minutes), Outcome.TEMPORARY)
        attempt(delivery, now - timedelta(minutes=1), Outcome.PUBLISHED)
        db.session.commit()
        assert sum(gauges.attempts(now).values()) == 1
