"""Apps in which only people post: what is checked while writing, and how an account is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from publishers import assisted, get
from publishers.errors import Rejected, Temporary
from publishers.values import Content, Destination, Limits, Media, Problem, Ticket
from publishers.words import Words

NOTES = assisted.APPS["xiaohongshu"].limits
TYPED = {"app": "xiaohongshu", "account": "山嵐茶", "profile": "https://www.xiaohongshu.com/user/1"}
PICTURE = Media("image", Path("tea.jpg"), "image/jpeg", 1000, 1080, 1440, "0" * 64, "A field of tea")
NOW = datetime(2030, 3, 4, 3, 0, tzinfo=UTC)


def found(content: Content, limits: Limits = NOTES) -> dict[str, Problem]:
    return {problem.code: problem for problem in get("assisted").check(content, limits)}


def a_note(text: str = "春茶到了 #春茶", **more: object) -> Content:
    return replace(Content(text, (PICTURE,), "zh-Hans"), **more)  # type: ignore[arg-type]


def test_a_note_that_keeps_to_the_apps_limits_has_no_problem() -> None:
    assert found(a_note("茶" * 1000, options={"title": "茶" * 20})) == {}


def test_a_title_is_bounded_where_the_app_bounds_it() -> None:
    long = a_note(options={"title": "茶" * 21})
    problem = found(long)["option_too_long"]
    assert problem.severity == "error"
    assert (problem.params["count"], problem.params["limit"]) == (21, 20)
    assert found(long, assisted.APPS["other"].limits) == {}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (a_note("茶" * 1001), "text_too_long"),
        (a_note(media=()), "media_required"),
        (a_note(media=(PICTURE,) * 19), "too_many_images"),
        (a_note(" ".join(f"#茶{number}號" for number in range(11))), "too_many_tags"),
    ],
)
def test_what_the_app_refuses_is_refused_while_writing(content: Content, code: str) -> None:
    assert found(content)[code].severity == "error"


def test_a_link_is_warned_of_where_the_app_kills_it() -> None:
    linked = a_note("看這裡 https://example.com/tea")
    problem = found(linked)["links_are_dead"]
    assert problem.severity == "warning"
    assert isinstance(problem.words, Words) and problem.words.zh_Hans != problem.words.zh_Hant
    assert found(linked, assisted.APPS["other"].limits) == {}


def test_what_it_declares_is_part_of_the_text_that_is_counted_and_shown() -> None:
    said = a_note("茶" * 1000, declares=frozenset({"ai"}))
    assert "text_too_long" in found(said)
    shown = get("assisted").preview(said, NOTES)
    assert "内容由AI生成" in "".join(run.text for run in shown.spans)


def test_an_account_is_known_by_app_and_name_and_remembers_its_profile() -> None:
    connected = get("assisted").connect(TYPED)
    assert (connected.base_url, connected.remote_id) == ("", "xiaohongshu/山嵐茶")
    assert (connected.handle, connected.profile_url) == ("山嵐茶", TYPED["profile"])
    assert connected.credentials == {}
    there = Destination("", connected.remote_id, "山嵐茶", connected.limits, traits=connected.traits)
    assert get("assisted").discover(there) == connected


def test_people_read_the_name_of_the_app_and_not_of_the_way() -> None:
    publisher = get("assisted")
    label = publisher.label_of(publisher.connect(TYPED).traits)
    assert isinstance(label, Words) and (str(label), label.zh_Hant, label.zh_Hans) == (
        "Xiaohongshu",
        "小紅書",
        "小红书",
    )
    own = publisher.connect({"app": "other", "app_name": "茶友圈", "account": "tea"})
    assert publisher.label_of(own.traits) == "茶友圈"
    assert own.remote_id == "other/茶友圈/tea"


@pytest.mark.parametrize(
    "wrong",
    [
        {"account": " "},
        {"app": "other", "app_name": ""},
        {"app": "nothing"},
        {"profile": "javascript:alert(1)"},
        {"profile": "www.xiaohongshu.com"},
        {"profile": "https://"},
    ],
)
def test_what_people_would_miss_is_asked_for(wrong: dict[str, str]) -> None:
    with pytest.raises(Rejected):
        get("assisted").connect(TYPED | wrong)


def test_it_never_posts_looks_or_measures() -> None:
    publisher, there = get("assisted"), Destination("", "x", "x", NOTES)
    ticket = Ticket("key", NOW)
    assert publisher.assisted and not publisher.finds and not publisher.needs_prepare(a_note())
    with pytest.raises(NotImplementedError):
        publisher.publish(there, a_note(), ticket)
    with pytest.raises(Temporary):
        publisher.find(there, a_note(), ticket, NOW)
    assert publisher.measure(there, ["1"]) == {}
    assert publisher.audience(there).followers is None


def test_the_limits_of_each_app_survive_being_kept() -> None:
    for app in assisted.APPS.values():
        assert Limits.from_dict(app.limits.as_dict()) == app.limits
