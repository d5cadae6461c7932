"""What is said right after a post: a first comment below it, or further posts that each answer the one before."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from publishers import text
from publishers.base import Option, Publisher
from publishers.values import Content, Limits, Preview, Problem
from publishers.words import FIRST_COMMENT, Words

MOST = 24
# Phones make a dash and a hyphen of three hyphens.
_DIVIDER = re.compile(r"^[ \t]*(?:-{3,}|—-|-—)[ \t]*$", re.MULTILINE)
COMMENT = Option(
    "first_comment",
    FIRST_COMMENT,
    kind="long",
    hint=Words(
        "Put below the post right after it is out.",
        "貼文發布後立即留在下方。",
        "帖子发布后立即评论在下方。",
    ),
)
THREAD = Option(
    "thread_posts",
    Words("Thread", "串文", "帖子串"),
    kind="long",
    hint=Words(
        "Further posts, each a reply to the one before. A line of --- divides them.",
        "後續貼文，逐則接在前一則之下。用只有 --- 的一行分隔。",
        "后续帖子，逐条接在前一条之下。用只有 --- 的一行分隔。",
    ),
)
# What further posts have in common with the first, where a platform has it.
REPEATED = frozenset({"spoiler_text", "visibility"})
OPTIONS: Mapping[str, Option] = {"comment": COMMENT, "thread": THREAD}
COMMENT_TOO_LONG = Words(
    "The first comment is too long by %(over)s: it counts %(count)s here, and %(limit)s is the most.",
    "首則留言超出 %(over)s 字：這裡計為 %(count)s 字，上限 %(limit)s 字。",
    "首条评论超出 %(over)s 字：这里计为 %(count)s 字，上限 %(limit)s 字。",
)
PART_TOO_LONG = Words(
    "Post %(number)s of the thread is too long by %(over)s: it counts %(count)s here, and %(limit)s is the most.",
    "串文第 %(number)s 則超出 %(over)s 字：這裡計為 %(count)s 字，上限 %(limit)s 字。",
    "帖子串第 %(number)s 条超出 %(over)s 字：这里计为 %(count)s 字，上限 %(limit)s 字。",
)
TOO_MANY = Words(
    "%(count)s posts follow; at most %(limit)s can.",
    "後面接了 %(count)s 則，最多 %(limit)s 則。",
    "后面接了 %(count)s 条，最多 %(limit)s 条。",
)


def texts(publisher: Publisher, options: Mapping[str, str]) -> tuple[str, ...]:
    """What follows a post with these options, in order."""
    if not publisher.follows:
        return ()
    typed = options.get(OPTIONS[publisher.follows].name, "").replace("\r\n", "\n")
    parts = _DIVIDER.split(typed) if publisher.follows == "thread" else [typed]
    return tuple(part.strip() for part in parts if part.strip())


def without(options: Mapping[str, str]) -> dict[str, str]:
    """All other options."""
    names = {option.name for option in OPTIONS.values()}
    return {name: value for name, value in options.items() if name not in names}


def problems(publisher: Publisher, content: Content, limits: Limits) -> list[Problem]:
    """Everything wrong with what follows ``content``, without any network call."""
    said = texts(publisher, content.options)
    found = [
        problem
        for place, part in enumerate(said)
        for problem in _judged(publisher, content, limits, place, part)
    ]
    if len(said) > MOST:
        found.append(Problem("follow_too_many", "error", {"count": len(said), "limit": MOST}, words=TOO_MANY))
    return found


def previews(publisher: Publisher, content: Content, limits: Limits) -> tuple[Preview, ...]:
    """What readers will see of what follows ``content``, each counted by the platform's own counting."""
    said = texts(publisher, content.options)
    if publisher.follows == "thread":
        return tuple(publisher.preview(_part(content, part), limits) for part in said)
    return tuple(Preview(text.spans(part), _count(part, limits), longest(limits), ()) for part in said)


def longest(limits: Limits) -> int:
    """How long a comment may be."""
    return limits.max_comment or limits.max_text


def _judged(
    publisher: Publisher, content: Content, limits: Limits, place: int, part: str
) -> Iterator[Problem]:
    if publisher.follows == "comment":
        yield from _comment_problems(part, limits)
        return
    for problem in publisher.check(_part(content, part), replace(limits, needs_media=False)):
        if problem.code == "text_too_long":
            # Counted as readers do: the post itself is the first.
            params = {**problem.params, "number": place + 2}
            problem = Problem("follow_too_long", "error", params, words=PART_TOO_LONG)
        yield problem


def _comment_problems(said: str, limits: Limits) -> Iterator[Problem]:
    if any("\ud800" <= letter <= "\udfff" for letter in said):
        yield Problem("text_not_unicode", "error")
    count, most = _count(said, limits), longest(limits)
    if count > most:
        params = {"count": count, "limit": most, "over": count - most}
        yield Problem("follow_too_long", "error", params, words=COMMENT_TOO_LONG)


def _count(said: str, limits: Limits) -> int:
    return text.count(said, limits.counter, limits.url_cost)


def _part(content: Content, said: str) -> Content:
    """One more post of a thread: it has no files, and of the options what each of its posts repeats."""
    kept = {name: value for name, value in content.options.items() if name in REPEATED}
    return replace(content, text=said, media=(), options=kept, declares=frozenset())
