"""A rehearsal plays the coming week through: it finds what would go wrong, touches nothing, and speaks to nobody outside."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import select, update

import publishers
from calendar_app import approval, channels, content, library, planning, public_files, rehearsal
from calendar_app.config import Config
from calendar_app.extensions import Base, db
from calendar_app.models import Asset, Channel, Delivery, Hold, Post, RenditionState, State
from calendar_app.rehearsal import Finding, Report, telling
from calendar_app.rehearsal.files import served
from publishers import present, simulators, wire
from publishers.errors import Temporary
from publishers.http import Http
from publishers.mastodon import DIALECT, Mastodon
from publishers.values import Connected, Content, Destination, Receipt, Ticket
from tests.people import Cast, a_channel, a_draft, an_approved_post
from tests.publishers.contract import connect
from tests.publishers.files import mp4
from tests.publishers.test_contract import SPEAKING, classes_of
from workers.__main__ import cli

REAL = "https://tea.example"
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
Connection = tuple[str, int]


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """The week is read by plain queries, which one engine shows; it is played on SQLite wherever it comes from."""
    return sqlite_url


@pytest.fixture
def toots(cast: Cast) -> Channel:
    """A channel of the real world, as far as anybody knows."""
    return a_channel(cast.tea, "mastodon", base_url=REAL)


@pytest.fixture
def a_video(cast: Cast, tmp_path: Path) -> planning.Attached:
    """A video of a few seconds in the tea brand's library."""
    asset = library.add(cast.tea, mp4(tmp_path, seconds=4.0).path, "tea.mp4", cast.ana, cast.now)
    db.session.commit()
    return planning.Attached(asset.id, "A field of tea in the wind")


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every host that this process looks up or connects to, whoever asks."""
    hosts: list[str] = []
    _watched.append(hosts)
    yield hosts
    _watched.remove(hosts)


_watched: list[list[str]] = []


def _hear(event: str, details: tuple[Any, ...]) -> None:
    if _watched and event in ("socket.connect", "socket.getaddrinfo"):
        told = details[1] if event == "socket.connect" else details[0]
        for hosts in _watched:
            hosts.append(str(told[0] if isinstance(told, tuple) else told))


sys.addaudithook(_hear)


def rehearse(cast: Cast) -> Report:
    week = rehearsal.gather(cast.tea, cast.now)
    db.session.commit()
    return rehearsal.rehearse(week)


def the_finding(cast: Cast) -> Finding:
    [finding] = rehearse(cast).findings
    return finding


def a_delivery(cast: Cast, channel: Channel, after: timedelta = DAY, **more: Any) -> Delivery:
    return an_approved_post(cast, channel, at=cast.now + after, **more).deliveries[0]


def everything() -> dict[str, list[tuple[Any, ...]]]:
    tables = Base.metadata.sorted_tables
    return {table.name: [tuple(row) for row in db.session.execute(select(table))] for table in tables}


def as_in_the_real_world(cast: Cast, name: str) -> Channel:
    """A channel as its platform would tell of it, at the platform's own address and under ids of its own."""
    with simulators.serve(name, rate_limits=False) as server:
        for number in range(7):
            server.control.account(f"other{number}")
        found = connect(name, server.control.account("tea", "Tea"))
        channel = channels.keep(cast.tea, name, found, cast.now)
    channel.base_url, channel.expires_at = publishers.get(name).home or REAL, None  # signed in years ago
    db.session.commit()
    return channel


def promised(cast: Cast, there: Channel, day: int, media: tuple[planning.Attached, ...]) -> bool:
    """Plan what the contract says on this platform, if it takes such a post."""
    [*_, said] = classes_of(there.platform)
    variant = planning.VariantDraft(there.id, options=dict(said.needs))
    draft = a_draft(
        there, at=cast.now + (day + 1) * DAY, text=f"{said.speaks} {day}", media=media, variants=(variant,)
    )
    post = planning.write(cast.tea, draft, cast.ana, cast.now)
    if not any(approval.obstacles(post).values()):
        approval.submit(post, cast.ana, cast.now)
        approval.approve(post, post.revision, cast.bo, cast.now)
    db.session.commit()
    return bool(post.deliveries)


# -- what it finds


def test_a_good_week_finds_nothing_and_changes_nothing(
    cast: Cast, toots: Channel, a_picture: planning.Attached
) -> None:
    skies = a_channel(cast.tea, "bluesky", base_url="https://bsky.social", handle="tea.bsky.social")
    bot = a_channel(cast.tea, "telegram", base_url="https://api.telegram.org", remote_id="-1001")
    drawn = (a_picture,)
    for day in range(6):
        an_approved_post(
            cast, toots, skies, bot, at=cast.now + HOUR + day * DAY, text=f"茶 {day}", media=drawn
        )
    before = everything()

    report = rehearse(cast)

    assert report.findings == ()
    assert (report.well, report.is_good, report.reached) == (18, True, None)
    assert everything() == before


def test_a_sign_in_that_ends_on_wednesday_holds_what_comes_after_it(cast: Cast, toots: Channel) -> None:
    toots.expires_at = cast.now + 2 * DAY
    a_delivery(cast, toots, DAY)
    late = a_delivery(cast, toots, 3 * DAY)

    finding = the_finding(cast)

    assert (finding.delivery_id, finding.state, finding.held_reason) == (late.id, State.HELD, Hold.RECONNECT)
    [cause] = finding.causes
    assert cause.code == "credentials_end"
    assert datetime.fromisoformat(cause.params["at"]) == cast.now + 2 * DAY


def test_a_sign_in_that_renews_itself_lasts(cast: Cast) -> None:
    skies = a_channel(cast.tea, "bluesky", base_url="https://bsky.social", handle="tea.bsky.social")
    for day in range(1, 6):
        a_delivery(cast, skies, day * DAY)

    assert rehearse(cast).well == 5


def test_a_quota_that_is_spent_holds_what_has_no_room_in_its_time(cast: Cast, toots: Channel) -> None:
    toots.adjusted = {"posts_a_day": 2}
    sent = a_delivery(cast, toots, MINUTE)
    sent.state, sent.published_at = State.PUBLISHED, cast.now - HOUR
    a_delivery(cast, toots, 2 * HOUR)
    over = a_delivery(cast, toots, 3 * HOUR)

    finding = the_finding(cast)

    assert (finding.delivery_id, finding.state, finding.held_reason) == (over.id, State.HELD, Hold.LATE)
    [cause] = finding.causes
    assert (cause.code, cause.params["limit"]) == ("quota_short", 2)
    assert datetime.fromisoformat(cause.params["resets"]) == cast.now - HOUR + DAY


def test_a_pace_that_makes_a_post_late_says_how_late(cast: Cast, toots: Channel) -> None:
    toots.adjusted = {"seconds_between": 600}
    for _ in range(2):
        a_delivery(cast, toots, DAY)

    finding = the_finding(cast)

    assert finding.state == State.PUBLISHED
    assert finding.late == timedelta(minutes=10)
    assert [cause.code for cause in finding.causes] == ["too_fast"]


def test_a_file_that_can_not_be_made_to_fit_fails_its_post(
    cast: Cast, toots: Channel, a_picture: planning.Attached
) -> None:
    asset = db.session.get_one(Asset, a_picture.asset_id)
    a_delivery(cast, toots, media=(a_picture,))
    toots.limits = toots.limits | {"image": toots.limits["image"] | {"max_pixels": 4}}
    library.want(asset, content.limits_of(toots), cast.now)
    asset.renditions[0].state = RenditionState.FAILED
    asset.renditions[0].error = {"code": "mime", "params": {}}

    finding = the_finding(cast)

    assert finding.state == State.FAILED
    [cause] = finding.causes
    assert (cause.code, cause.params) == ("media_does_not_fit", {"reason": {"code": "mime", "params": {}}})


def test_a_file_that_is_not_ready_counts(cast: Cast, toots: Channel, a_picture: planning.Attached) -> None:
    a_delivery(cast, toots, media=(a_picture,))
    toots.limits = toots.limits | {"image": toots.limits["image"] | {"max_pixels": 4}}

    finding = the_finding(cast)

    assert finding.state in (State.FAILED, State.HELD)
    assert [cause.code for cause in finding.causes] == ["media_not_ready"]


def test_a_limit_that_the_platform_lowered_fails_what_is_over_it(cast: Cast, toots: Channel) -> None:
    a_delivery(cast, toots, text="茶" * 300)
    toots.limits = toots.limits | {"max_text": 200}

    finding = the_finding(cast)

    assert finding.state == State.FAILED
    [cause] = finding.causes
    assert (cause.code, cause.params["code"]) == ("limits_changed", "text_too_long")


def test_what_was_edited_since_its_approval_is_found(cast: Cast, toots: Channel) -> None:
    delivery = a_delivery(cast, toots)
    db.session.execute(update(Post).where(Post.id == delivery.post_id).values(text="something else"))

    finding = the_finding(cast)

    assert finding.held_reason == Hold.UNAPPROVED
    assert [cause.code for cause in finding.causes] == ["unapproved"]


def test_what_is_held_already_is_told_as_it_stands(cast: Cast, toots: Channel) -> None:
    delivery = a_delivery(cast, toots)
    delivery.state, delivery.held_reason = State.HELD, Hold.PAUSED
    cast.tea.paused_at = cast.now

    finding = the_finding(cast)

    assert (finding.state, finding.held_reason) == (State.HELD, Hold.PAUSED)
    assert [cause.code for cause in finding.causes] == ["workspace_paused"]


def test_what_comes_after_the_week_or_belongs_to_others_is_left_alone(cast: Cast, toots: Channel) -> None:
    a_delivery(cast, toots, 8 * DAY)
    planning.write(cast.tea, a_draft(toots, at=cast.now + DAY), cast.ana, cast.now)
    a_channel(cast.other, "mastodon", base_url=REAL)

    report = rehearse(cast)

    assert (report.well, report.findings, report.is_good) == (0, (), True)


def test_a_rehearsal_that_may_not_take_longer_says_how_far_it_came(cast: Cast, toots: Channel) -> None:
    a_delivery(cast, toots)

    report = rehearsal.rehearse(rehearsal.gather(cast.tea, cast.now), seconds=0)

    assert report.reached == cast.now
    assert (report.well, report.findings, report.is_good) == (0, (), False)


def test_a_channel_that_can_not_be_simulated_spoils_no_other(
    cast: Cast, toots: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(Mastodon):
        def discover(self, destination: Destination) -> Connected:
            raise RuntimeError("an adapter's mistake")

    skies = a_channel(cast.tea, "bluesky", base_url="https://bsky.social", handle="tea.bsky.social")
    a_delivery(cast, toots)
    a_delivery(cast, skies)
    monkeypatch.setitem(publishers.PLATFORMS, "mastodon", Broken())

    report = rehearse(cast)

    assert (report.well, report.skipped, report.findings, report.is_good) == (1, 1, (), False)


# -- whom it reaches


@pytest.mark.parametrize("name", SPEAKING)
def test_a_channel_of_the_real_world_gets_no_connection_and_a_good_post_goes_well(
    cast: Cast, a_picture: planning.Attached, a_video: planning.Attached, reached: list[str], name: str
) -> None:
    there = as_in_the_real_world(cast, name)
    sealed = there.credentials
    planned = [
        day for day, media in enumerate(((), (a_picture,), (a_video,))) if promised(cast, there, day, media)
    ]

    report = rehearse(cast)

    assert planned
    assert (report.findings, report.well) == ((), len(planned))
    assert set(reached) == {"127.0.0.1"}
    assert db.session.scalar(select(Channel.credentials)) == sealed


def test_what_a_person_posts_is_handed_over_as_planned(cast: Cast, a_picture: planning.Attached) -> None:
    [name] = [name for name, publisher in publishers.PLATFORMS.items() if publisher.assisted]
    a_delivery(cast, a_channel(cast.tea, name), media=(a_picture,))

    report = rehearse(cast)

    assert (report.by_hand, report.well, report.is_good) == (1, 0, True)


def test_an_adapter_that_forgets_where_it_is_sent_gets_no_connection(
    cast: Cast, toots: Channel, reached: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stubborn(Mastodon):
        def publish(self, destination: Destination, content: Content, ticket: Ticket) -> Receipt:
            with Http(REAL, DIALECT) as http:
                return http.publish("/api/v1/statuses", lambda reply: Receipt("1", REAL), json={})

    monkeypatch.setitem(publishers.PLATFORMS, "mastodon", Stubborn())
    a_delivery(cast, toots)

    finding = the_finding(cast)

    assert finding.message == "tea.example could not be reached."
    assert set(reached) == {"127.0.0.1"}


def test_the_way_out_is_closed_only_inside_and_to_all_others(reached: list[str]) -> None:
    with wire.confined_to(["http://127.0.0.1:9"]), Http("http://127.0.0.1:10", DIALECT) as http:
        with pytest.raises(Temporary) as caught:
            http.get("/", lambda reply: reply)
        assert (caught.value.evidence.body, reached) == ("NotAllowed", [])

    with Http("http://127.0.0.1:10", DIALECT) as http, pytest.raises(Temporary) as caught:
        http.get("/", lambda reply: reply)
    assert caught.value.evidence.body == "ConnectError"


def test_adapters_are_told_the_time_of_the_rehearsal_inside_alone(cast: Cast) -> None:
    with present.told_by(lambda: cast.now):
        assert present.now() == cast.now
    assert present.now() != cast.now


def test_platforms_that_fetch_files_find_them_at_their_addresses(
    app: Flask, cast: Cast, a_picture: planning.Attached
) -> None:
    file = library.as_uploaded(db.session.get_one(Asset, a_picture.asset_id), "tea")
    house = Flask(__name__)
    house.config.from_mapping(SECRET_KEY="a key of the test", SECRET_KEY_FALLBACKS=[])
    house.extensions |= {name: app.extensions[name] for name in ("almanac.config", "almanac.vault")}
    with served(house) as url:
        with house.app_context():
            path = public_files.address_of(file).partition("/m/")[2]
        assert httpx.get(f"{url}/m/{path}").content == file.path.read_bytes()
        assert httpx.get(f"{url}/m/another").status_code == 404


# -- how it is told


def test_a_terminal_tells_what_would_go_wrong_and_what_would_go_well(cast: Cast, toots: Channel) -> None:
    toots.expires_at = cast.now + 2 * DAY
    a_delivery(cast, toots, DAY)
    a_delivery(cast, toots, 3 * DAY, text="春茶上市，歡迎試飲。")

    told = "\n".join(telling.lines(rehearse(cast)))

    assert "Thu 2030-03-07 10:00" in told
    assert "be held" in told
    assert "春茶上市，歡迎試飲。" in told
    assert "The channel's sign-in ends Wed 2030-03-06 10:00." in told
    assert "1 would go well, 1 would not." in told


@pytest.fixture
def almanac(app: Flask) -> Iterator[Callable[..., Result]]:
    """Runs ``almanac ...`` in the environment of the test's own set-up, as a process of its own would."""
    before = logging.getLogger().handlers[:]
    config: Config = app.extensions["almanac.config"]
    settings = {
        "ALMANAC_DATA": str(config.data),
        "ALMANAC_DATABASE_URL": config.database_url,
        "ALMANAC_SECRET_KEY": config.secret_key,
    }
    yield lambda *arguments: CliRunner().invoke(cli, list(arguments), env=settings)
    logging.getLogger().handlers[:] = before


def test_the_command_ends_with_1_if_anything_would_go_wrong(
    cast: Cast, almanac: Callable[..., Result]
) -> None:
    now = datetime.now(UTC)
    toots = a_channel(cast.tea, "mastodon", base_url=REAL, now=now)
    an_approved_post(cast, toots, at=now + DAY, now=now)

    good = almanac("rehearse", "--week")
    toots.limits = toots.limits | {"max_text": 5}
    db.session.commit()
    bad = almanac("rehearse", "--week", "--workspace", "tea")

    assert (good.exit_code, bad.exit_code) == (0, 1)
    assert "1 would go well, 0 would not." in good.output
    assert "fail" in bad.output and "text_too_long" in bad.output
    assert "Other" in good.output and "Other" not in bad.output


def test_the_command_knows_its_workspaces(cast: Cast, almanac: Callable[..., Result]) -> None:
    done = almanac("rehearse", "--workspace", "nobody")

    assert (done.exit_code, done.output) == (1, "Error: There is no workspace nobody.\n")
