"""What each platform can do, read off the adapters and written into the README: ``make matrix``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

import publishers
from publishers.base import Publisher
from publishers.values import Content, Media
from publishers.words import Words

README = Path(__file__).parents[2] / "README.md"
BEGIN = "<!-- What each platform can do: written by `make matrix`, never by hand. -->"
END = "<!-- The end of what `make matrix` wrote. -->"
YES, NO = "✓", "–"
PICTURE = Media("image", Path("picture.jpg"), "image/jpeg", 1000, 100, 100, "0" * 64, "alt")


def _label(publisher: Publisher) -> str:
    """The name in English and, where it has any, in Chinese; it leads to the operators' page."""
    forms = [str(publisher.label)]
    if isinstance(publisher.label, Words):
        forms += [publisher.label.zh_Hant, publisher.label.zh_Hans]
    english, *chinese = dict.fromkeys(forms)
    said = f"{english} {' / '.join(chinese)}".strip()
    return f"[{said}](publishers/{publisher.name}.md)"


def _text(publisher: Publisher) -> str:
    limits = publisher.default_limits
    below = f" ({limits.max_caption:,} below files)" if limits.max_caption is not None else ""
    return f"{limits.max_text:,}{below}"


def _pictures(publisher: Publisher) -> str:
    return str(publisher.default_limits.image.max_count or NO)


def _video(publisher: Publisher) -> str:
    return str(publisher.default_limits.video.max_count or NO)


def _alt(publisher: Publisher) -> str:
    longest = publisher.default_limits.max_alt
    return f"{longest:,}" if longest else NO


def _lost(publisher: Publisher) -> str:
    """What is done when the answer to the visible call was lost."""
    if publisher.assisted:
        return "a person posts"
    ways = []
    if publisher.key_lives is not None:
        ways.append("its key" if publisher.key_lives == timedelta.max else f"its key, {_hours(publisher)} h")
    if publisher.finds:
        ways.append("looked up by its words" if publisher.finds_alike else "looked up")
    return "; ".join(ways) or "a person is asked"


def _hours(publisher: Publisher) -> str:
    assert publisher.key_lives is not None
    return f"{publisher.key_lives / timedelta(hours=1):g}"


def _ahead(publisher: Publisher) -> str:
    if publisher.materials(Content("text")):
        return "all of it"
    return "files" if publisher.materials(Content("text", (PICTURE,))) else NO


def _numbers(publisher: Publisher) -> str:
    return ", ".join(sorted(publisher.metrics)) or NO


def _declares(publisher: Publisher) -> str:
    return ", ".join(sorted(publisher.carries)) or NO


def _can(verb: str) -> Callable[[Publisher], str]:
    return lambda publisher: YES if publisher.can(verb) else NO


def _comments(publisher: Publisher) -> str:
    can = [name for verb, name in (("comments", "read"), ("answer", "answered")) if publisher.can(verb)]
    return ", ".join(can) or NO


def _follows(publisher: Publisher) -> str:
    return {"": NO, "comment": "a first comment", "thread": "a thread"}[publisher.follows]


COLUMNS: Mapping[str, Callable[[Publisher], str]] = {
    "Platform": _label,
    "Text": _text,
    "Pictures": _pictures,
    "Videos": _video,
    "Alt text": _alt,
    "After a lost answer": _lost,
    "Prepared ahead": _ahead,
    "Waits for a review": _can("confirm"),
    "Deletes": _can("delete"),
    "Edits": _can("edit"),
    "Comments": _comments,
    "What follows": _follows,
    "Numbers": _numbers,
    "Renews its sign-in": _can("refresh"),
    "Has fields for": _declares,
    "Calls us": lambda publisher: YES if publisher.hears else NO,
}


def table() -> str:
    """The table of all platforms of the registry, in its order."""
    rows = [[column(publisher) for column in COLUMNS.values()] for publisher in publishers.PLATFORMS.values()]
    lines = [list(COLUMNS), ["---"] * len(COLUMNS), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def written(page: str) -> str:
    """``page`` with the table as it is now between its two marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


if __name__ == "__main__":
    README.write_text(written(README.read_text(encoding="utf-8")), encoding="utf-8")
