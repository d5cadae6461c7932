"""What Bluesky's AppView shows of a post, and when."""

from publishers.simulators import bluesky
from publishers.simulators.server import Server
from tests.publishers.simulators.people import Skeeter


def posted(skeeter: Skeeter, text: str = "hello") -> str:
    uri: str = skeeter.put(skeeter.new_key(), skeeter.record(text)).json()["uri"]
    return uri


def test_posts_are_counted_together_and_unknown_ones_left_out(
    bluesky_server: Server, skeeter: Skeeter
) -> None:
    uri = posted(skeeter)
    bluesky_server.control.like(uri, 3)
    bluesky_server.control.reply(uri, "nice", by="cy")
    found = skeeter.get("app.bsky.feed.getPosts", uris=[uri, skeeter.uri("3aaaaaaaaaaaa")]).json()["posts"]
    assert [(p["uri"], p["likeCount"], p["replyCount"], p["quoteCount"]) for p in found] == [(uri, 3, 1, 0)]


def test_at_most_25_posts_are_read_at_once(skeeter: Skeeter) -> None:
    answer = skeeter.get("app.bsky.feed.getPosts", uris=[skeeter.uri(str(n)) for n in range(26)])
    assert answer.status_code == 400


def test_the_appview_lags_behind_the_repository() -> None:
    with bluesky.serve(appview_lag=30) as server:
        skeeter = Skeeter(server)
        uri = posted(skeeter)
        assert skeeter.get("app.bsky.feed.getPosts", uris=[uri]).json()["posts"] == []
        server.control.clock(31)
        assert [p["uri"] for p in skeeter.get("app.bsky.feed.getPosts", uris=[uri]).json()["posts"]] == [uri]


def test_a_post_taken_down_stays_in_the_repository_only(bluesky_server: Server, skeeter: Skeeter) -> None:
    uri = posted(skeeter)
    bluesky_server.control.remove(uri)
    assert skeeter.get("app.bsky.feed.getPosts", uris=[uri]).json()["posts"] == []
    query = {"repo": skeeter.did, "collection": "app.bsky.feed.post", "rkey": uri.rsplit("/", 1)[1]}
    assert skeeter.get("com.atproto.repo.getRecord", **query).status_code == 200


def test_a_thread_carries_its_replies(bluesky_server: Server, skeeter: Skeeter) -> None:
    uri = posted(skeeter)
    inner = bluesky_server.control.reply(uri, "nice", by="cy")
    bluesky_server.control.reply(inner["uri"], "indeed", by="bo")
    thread = skeeter.get("app.bsky.feed.getPostThread", uri=uri).json()["thread"]
    assert thread["replies"][0]["replies"][0]["post"]["record"]["text"] == "indeed"


def test_profiles_count_posts_and_the_feed_is_newest_first(skeeter: Skeeter) -> None:
    uris = [posted(skeeter, text) for text in ("one", "two")]
    profile = skeeter.get("app.bsky.actor.getProfile", actor="ana.test").json()
    assert (profile["did"], profile["postsCount"]) == (skeeter.did, 2)
    feed = skeeter.get("app.bsky.feed.getAuthorFeed", actor=skeeter.did).json()["feed"]
    assert [item["post"]["uri"] for item in feed] == uris[::-1]
    many = skeeter.get("app.bsky.actor.getProfiles", actors=[skeeter.did, "nobody.test"]).json()["profiles"]
    assert [one["handle"] for one in many] == ["ana.test"]
