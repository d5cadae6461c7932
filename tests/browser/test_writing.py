"""Writing on a real screen: nothing typed is lost, and what cannot be is said while one types."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser import seeds, steps
from tests.browser.desk import Desk
from tests.browser.estate import Estate
from tests.servers import wait_until

TOO_LONG = "很長的茶話 a long talk on tea " * 24
WORDS = "趁熱喝 Drink it while it is hot"


def in_days(days: int) -> datetime:
    return datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(days=days)


def await_kept(desk: Desk, words: str) -> None:
    """The browser has put these words aside."""
    desk.page.wait_for_function(
        "words => Object.values(localStorage).some(kept => kept.includes(words))", arg=words
    )


def test_a_text_that_is_too_long_is_told_while_typing_and_kept_when_it_is_refused(planner: Desk) -> None:
    planner.go("/posts/new")
    steps.choose_channels(planner)
    steps.set_time(planner, in_days(40))
    planner.page.locator("#text").fill(TOO_LONG)
    for preview in planner.page.locator("#live .preview").all():
        expect(preview.locator(".counter.over")).to_be_visible()
        expect(preview.locator(".problem.danger")).to_be_visible()
    planner.button("Save and submit").click()
    expect(planner.page.get_by_role("alert")).to_be_visible()
    expect(planner.page.locator("#text")).to_have_value(TOO_LONG)
    expect(planner.page.locator("#date")).to_have_value(re.compile(r"^\d{4}-\d\d-\d\d$"))
    for box in planner.page.get_by_role("checkbox", name=steps.BOTH).all():
        expect(box).to_be_checked()


def test_a_stale_edit_in_a_second_tab_shows_both_versions_and_loses_neither(
    planner: Desk, estate: Estate
) -> None:
    post_id = seeds.draft(estate, "兩個分頁 Two tabs", in_days(41))
    twin = planner.another_tab()
    for desk, words in ((planner, "第一頁 first tab"), (twin, "第二頁 second tab")):
        desk.go(f"/posts/{post_id}/edit")
        desk.page.locator("#text").fill(words)
    steps.save(twin, "Save")
    planner.button("Save").click()
    for words in ("第一頁 first tab", "第二頁 second tab"):
        expect(planner.page.locator(".conflict-sides").first).to_contain_text(words)
    planner.page.locator("input[name=take-text][value=theirs]").check()
    steps.save(planner, "Save this")
    expect(planner.page.locator(".reading").first).to_contain_text("第二頁 second tab")


@pytest.mark.parametrize("how", ["a reload", "a crash"])
def test_unsaved_words_are_offered_again_after(planner: Desk, how: str) -> None:
    words = f"{WORDS}: {how}"
    planner.go("/posts/new")
    planner.page.locator("#text").fill(words)
    await_kept(planner, words)
    desk = planner
    if how == "a reload":
        planner.page.reload()
    else:
        desk = planner.another_tab()
        planner.page.close()
        desk.go("/posts/new")
    expect(desk.page.locator("#text")).to_have_value("")
    desk.button("Bring them back").click()
    expect(desk.page.locator("#text")).to_have_value(words)
    steps.set_time(desk, in_days(42))
    steps.save(desk)
    desk.go("/posts/new")
    expect(desk.page.locator("#restore-offer")).to_be_hidden()


@pytest.mark.parametrize("kind", ["a truncated JPEG", "a PDF named .jpg", "an empty file"])
def test_a_broken_file_is_refused_with_a_reason(planner: Desk, tmp_path: Path, kind: str) -> None:
    planner.go("/posts/new")
    planner.page.locator("#text").fill(WORDS)
    steps.upload(planner, broken(tmp_path / "harvest.jpg", kind))
    refused = planner.page.locator("#words-master .upload.is-refused")
    expect(refused.locator(".upload-name")).to_have_text("harvest.jpg")
    expect(refused.locator(".upload-said")).to_have_text(re.compile(r"\w+ \w+"))
    expect(refused.locator(".upload-said")).not_to_have_text(
        planner.say("The server could not take this file. Try again.")
    )
    expect(planner.page.locator("#words-master .media-item")).to_have_count(0)
    expect(planner.page.locator("#text")).to_have_value(WORDS)


def broken(path: Path, kind: str) -> Path:
    if kind == "a truncated JPEG":
        Image.effect_noise((900, 700), 60).convert("RGB").save(path, "JPEG", quality=90)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    else:
        path.write_bytes(b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n" * 20 if "PDF" in kind else b"")
    return path


def test_a_time_that_has_passed_is_told_at_once_and_refused_with_the_words_kept(planner: Desk) -> None:
    planner.go("/posts/new")
    planner.page.locator("#text").fill(WORDS)
    steps.choose_channels(planner)
    steps.set_time(planner, in_days(-1))
    expect(planner.text("This time has passed. Choose a later one.").first).to_be_visible()
    planner.button("Save and submit").click()
    expect(planner.page.get_by_role("alert")).to_be_visible()
    expect(planner.page.locator("#text")).to_have_value(WORDS)


def test_a_form_that_is_sent_twice_makes_one_post(planner: Desk, estate: Estate) -> None:
    words = "雙擊 A double click"
    planner.go("/posts/new")
    planner.page.locator("#text").fill(words)
    steps.set_time(planner, in_days(43))
    planner.button("Save draft").dblclick()
    planner.page.wait_for_url(re.compile(r"/posts/\d+$"))
    assert wait_until(lambda: seeds.count_saying(estate, words), "the post") == 1


def test_one_channel_can_say_it_differently_and_its_preview_shows_so(planner: Desk) -> None:
    planner.go("/posts/new")
    planner.page.locator("#text").fill("大家都說的 what all say")
    steps.choose_channels(planner)
    planner.page.get_by_role("tab", name=re.compile(r"^shanlan\.example")).click()
    own = planner.page.locator(".own[data-own=text]:visible")
    own.get_by_text(planner.say("Different here")).click()
    own.locator("textarea").fill("這裡才說的 what only one says")
    previews = planner.page.locator("#live .preview")
    expect(previews.and_(planner.page.locator("[data-platform=bluesky]"))).to_contain_text("這裡才說的")
    expect(previews.and_(planner.page.locator("[data-platform=mastodon]"))).to_contain_text("大家都說的")


def test_files_go_up_to_the_library_one_after_the_other_and_stand_there_at_once(
    planner: Desk, tmp_path: Path
) -> None:
    good = [tmp_path / "kettle.png", tmp_path / "tray.png"]
    for shade, path in enumerate(good):
        Image.new("RGB", (320, 240), (90 * shade, 80, 60)).save(path)
    planner.go("/library")
    torn = broken(tmp_path / "torn.jpg", "a truncated JPEG")
    planner.page.locator("#library-files").set_input_files([good[0], torn, good[1]])
    expect(planner.page.locator("#library-uploads .upload.is-refused")).to_have_count(1)
    for path in good:
        expect(planner.page.locator(".shelf").get_by_text(path.name)).to_be_visible()
