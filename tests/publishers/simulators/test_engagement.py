"""The simulated public: quick to start, slow to end, the same every time."""

from hypothesis import given
from hypothesis import strategies as st

from publishers.simulators import mastodon
from publishers.simulators.engagement import counts, followers
from tests.publishers.simulators.people import Tooter

DAY = 86_400


@given(st.text(min_size=1), st.floats(0, 90 * DAY), st.floats(0, 90 * DAY))
def test_counts_never_fall_and_are_fixed_by_the_seed(seed: str, one: float, other: float) -> None:
    early, late = counts(seed, min(one, other)), counts(seed, max(one, other))
    assert early == counts(seed, min(one, other))
    assert early.likes <= late.likes and early.reposts <= late.reposts and early.replies <= late.replies


def test_the_first_likes_come_within_a_minute_and_most_within_three_days() -> None:
    for seed in map(str, range(50)):
        assert counts(seed, 0).likes == 0
        assert counts(seed, 60).likes >= 2
        assert counts(seed, 3 * DAY).likes > 0.85 * counts(seed, 60 * DAY).likes


def test_posts_differ_and_followers_grow() -> None:
    assert len({counts(str(n), DAY).likes for n in range(30)}) > 20
    assert followers("ana", DAY, 5) > followers("ana", 0, 0)


def test_nobody_reacts_when_the_public_is_silent() -> None:
    assert counts("x", 30 * DAY, strength=0).likes == 0


def test_time_on_the_server_moves_the_numbers() -> None:
    with mastodon.serve() as server:
        tooter = Tooter(server)
        status = tooter.post("hi").json()
        server.control.clock(DAY)
        later = tooter.http.get(f"/api/v1/statuses/{status['id']}").json()
        assert status["favourites_count"] == 0 and later["favourites_count"] > 50
        assert later["account"]["followers_count"] > status["account"]["followers_count"]
