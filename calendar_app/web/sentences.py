"""The one table from codes and label keys of the plain libraries to sentences in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import format_decimal, get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from calendar_app.web.locale import moment
from media.errors import MediaError
from publishers.values import Problem
from publishers.words import Words

Unit = Callable[[Any], str]


def number(value: Any) -> str:
    """A number as the reader writes it; words stay as they are."""
    return value if isinstance(value, str) else str(format_decimal(value))


def file_size(size: float) -> str:
    """Bytes as kilobytes or megabytes."""
    if size < 1_000_000:
        return str(_("%(number)s KB", number=number(max(1, round(size / 1000)))))
    return str(_("%(number)s MB", number=number(round(size / 1_000_000, 1))))


def duration(seconds: float) -> str:
    """Seconds as minutes and seconds, 3:07."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


def megapixels(pixels: float) -> str:
    """Pixels in millions."""
    return str(_("%(number)s megapixels", number=number(round(pixels / 1_000_000, 1))))


def _kind_of_file(found: str) -> str:
    return str(FOUND.get(found, FOUND["unknown"]))


def _mime(mime: str) -> str:
    return str(mime).rpartition("/")[2].upper()


def _as_told(value: Any) -> str:
    """A number, or an ISO 8601 instant as the reader's clock shows it."""
    return moment(datetime.fromisoformat(value)) if isinstance(value, str) else number(value)


@dataclass(frozen=True)
class Sentence:
    """A translatable sentence and how the values in it are written."""

    text: Any
    unit: Unit = str

    def say(self, params: Mapping[str, Any]) -> str:
        """The sentence in the reader's language, with its values."""
        said = {name: self.unit(value) for name, value in params.items()}
        return str(self.text) % said if said else str(self.text)


FOUND = {
    "pdf": _l("a PDF"),
    "zip": _l("a ZIP archive or an Office document"),
    "rar": _l("a RAR archive"),
    "gzip": _l("a compressed archive"),
    "7z": _l("a 7z archive"),
    "bmp": _l("a BMP picture"),
    "tiff": _l("a TIFF picture"),
    "photoshop": _l("a Photoshop file"),
    "icon": _l("an icon"),
    "jpeg2000": _l("a JPEG 2000 picture"),
    "jpegxl": _l("a JPEG XL picture"),
    "raw_photo": _l("a raw photo"),
    "svg": _l("an SVG drawing"),
    "audio": _l("a sound file"),
    "ogg": _l("an Ogg file"),
    "flash": _l("a Flash video"),
    "mpeg": _l("an MPEG video"),
    "windows_media": _l("a Windows Media file"),
    "avi": _l("an AVI video"),
    "matroska": _l("a Matroska video"),
    "office": _l("an Office document"),
    "html": _l("a web page"),
    "text": _l("a text file"),
    "program": _l("a program"),
    "playlist": _l("a playlist"),
    "unknown": _l("a file of an unknown kind"),
}

PROBLEMS = {
    "text_required": Sentence(_l("Write something, or add a picture or a video.")),
    "text_not_unicode": Sentence(_l("The text holds a broken character. Delete it and type it again.")),
    "text_too_long": Sentence(
        _l("The text is too long by %(over)s: it counts %(count)s here, and %(limit)s is the most."), number
    ),
    "text_bytes_too_long": Sentence(
        _l("The text takes %(count)s bytes here, and %(limit)s is the most. Shorten it."), number
    ),
    "too_many_images": Sentence(
        _l("There are %(count)s pictures; this channel takes at most %(limit)s."), number
    ),
    "too_many_videos": Sentence(
        _l("There are %(count)s videos; this channel takes at most %(limit)s."), number
    ),
    "kinds_mixed": Sentence(_l("This channel takes pictures or a video in one post, not both.")),
    "image_type": Sentence(_l("This channel does not take %(mime)s pictures."), _mime),
    "video_type": Sentence(_l("This channel does not take %(mime)s videos."), _mime),
    "image_too_large": Sentence(
        _l("The picture has %(size)s; this channel takes at most %(limit)s."), file_size
    ),
    "video_too_large": Sentence(
        _l("The video has %(size)s; this channel takes at most %(limit)s."), file_size
    ),
    "image_too_many_pixels": Sentence(
        _l("The picture has %(pixels)s; this channel takes at most %(limit)s."), megapixels
    ),
    "video_too_many_pixels": Sentence(
        _l("The video has %(pixels)s; this channel takes at most %(limit)s."), megapixels
    ),
    "image_side_too_long": Sentence(
        _l("The picture is %(side)s pixels long; this channel takes at most %(limit)s."), number
    ),
    "video_side_too_long": Sentence(
        _l("The video is %(side)s pixels long; this channel takes at most %(limit)s."), number
    ),
    "image_too_long": Sentence(
        _l("The animation runs %(seconds)s; this channel takes at most %(limit)s."), duration
    ),
    "video_too_long": Sentence(
        _l("The video runs %(seconds)s; this channel takes at most %(limit)s. Cut it shorter."), duration
    ),
    "alt_missing": Sentence(_l("Describe it for people who can not see it (alt text).")),
    "alt_too_long": Sentence(
        _l("The alt text has %(count)s characters; this channel takes at most %(limit)s."), number
    ),
    "option_unknown": Sentence(_l("This channel does not know the choice “%(value)s”. Choose another.")),
    "media_required": Sentence(_l("This channel takes no words alone. Add a picture or a video.")),
    "too_many_files": Sentence(
        _l("There are %(count)s files; this channel takes at most %(limit)s in one post."), number
    ),
    "too_many_tags": Sentence(
        _l("There are %(count)s hashtags; this channel takes at most %(limit)s."), number
    ),
    "image_too_short": Sentence(
        _l("The animation runs %(seconds)s; this channel wants at least %(limit)s."), duration
    ),
    "video_too_short": Sentence(
        _l("The video runs %(seconds)s; this channel wants at least %(limit)s."), duration
    ),
    "image_ratio": Sentence(
        _l("The picture is too narrow or too wide for this channel (%(ratio)s to 1). Crop it."), number
    ),
    "video_ratio": Sentence(
        _l("The video is too narrow or too wide for this channel (%(ratio)s to 1)."), number
    ),
    "option_required": Sentence(_l("Fill in “%(label)s”.")),
    "option_too_long": Sentence(
        _l("“%(label)s” has %(count)s characters; this channel takes at most %(limit)s."), number
    ),
    "option_not_a_link": Sentence(_l("“%(label)s” has to be an address that begins with https://.")),
    "option_not_a_number": Sentence(_l("“%(label)s” has to be a whole number.")),
    "option_not_a_file": Sentence(_l("“%(label)s” names a file that this post has not. Choose another.")),
}

MEDIA = {
    "empty": Sentence(_l("This file is empty.")),
    "broken": Sentence(_l("This file is broken or cut short. Export it again and try once more.")),
    "slow": Sentence(_l("This file took too long to read. Export it in a simpler format and try again.")),
    "unsupported": Sentence(
        _l("This is %(found)s. Use JPEG, PNG, WebP, GIF or HEIC pictures, or MP4, MOV or WebM videos."),
        _kind_of_file,
    ),
    "bytes": Sentence(_l("This file has %(measured)s; at most %(limit)s are taken."), file_size),
    "pixels": Sentence(_l("This picture has %(measured)s; at most %(limit)s are taken."), megapixels),
    "seconds": Sentence(_l("This video runs %(measured)s; at most %(limit)s are taken."), duration),
    "kind": Sentence(_l("This channel does not take this kind of file.")),
    "mime": Sentence(_l("This channel takes no format that this file can be turned into.")),
}

WARNINGS = {
    "credentials_end": Sentence(
        _l("The sign-in of this channel ends %(at)s, before the post goes out."), _as_told
    ),
    "channel_unreachable": Sentence(_l("%(server)s does not answer.")),
    "channel_refused": Sentence(_l("The platform no longer accepts the credentials of this channel.")),
    "channel_paused": Sentence(_l("This channel is paused.")),
    "workspace_paused": Sentence(_l("Publishing is paused in the whole workspace.")),
    "channel_resting": Sentence(
        _l("The platform asked this channel to rest until %(until)s, past the promised time."), _as_told
    ),
    "quota_short": Sentence(
        _l(
            "This channel may post %(limit)s times, and all are taken by then. There is room again %(resets)s."
        ),
        _as_told,
    ),
    "media_not_ready": Sentence(_l("“%(name)s” is still being made to fit this channel.")),
    "not_prepared": Sentence(_l("Its files are not uploaded yet.")),
    "preparation_refused": Sentence(_l("The platform turned its files down: %(message)s")),
}

DECLARATIONS = {
    "ad": _l("Advertisement"),
    "ai": _l("Made with AI"),
    "reprint": _l("Reprinted from elsewhere"),
}

REMEDIES = {
    "credentials_end": _l("Reconnect the channel before then."),
    "channel_unreachable": _l("See whether the server is up. It is asked again soon."),
    "channel_refused": _l("Reconnect the channel."),
    "channel_paused": _l("Resume the channel in time, or move the post."),
    "workspace_paused": _l("Resume publishing in time, or move the post."),
    "channel_resting": _l("Move the post to a later time, or it goes out late or is held."),
    "quota_short": _l("Move the post, or another one of that day."),
    "media_not_ready": _l("Nothing is to be done unless this stays."),
    "media_does_not_fit": _l("Choose another file for this channel."),
    "not_prepared": _l("It goes out as soon as they are."),
    "preparation_refused": _l("Choose another file for this channel."),
    "limits_changed": _l("Change what it says there, and have it approved again."),
}

LABELS = {
    "Server": _l("Server"),
    "Service": _l("Service"),
    "Handle": _l("Handle"),
    "App password": _l("App password"),
    "Visibility": _l("Visibility"),
    "Public": _l("Public"),
    "Unlisted": _l("Unlisted"),
    "Private": _l("Followers only"),
    "Content warning": _l("Content warning"),
}


def warning(found: Mapping[str, Any]) -> str:
    """One of a delivery's warnings in words: what will go wrong."""
    code, params = found["code"], found["params"]
    if code == "limits_changed":
        own = Words(*params["words"]) if params.get("words") else None
        inner = problem(Problem(params["code"], "error", params["params"], words=own))
        return str(_("This channel has changed what it takes. %(problem)s", problem=inner))
    if code == "media_does_not_fit":
        reason = media_reason(params["reason"])
        return str(_("A file can not be made to fit this channel. %(reason)s", reason=reason))
    return WARNINGS[code].say(params)


def problem(found: Problem) -> str:
    """A publisher's problem in words, its own where it brings them."""
    params = {**found.params, **({"label": label(found.params["label"])} if "label" in found.params else {})}
    if found.words is not None:
        return found.words.said_in(str(get_locale() or "en"), **params)
    return PROBLEMS[found.code].say(params)


def media_error(error: MediaError) -> str:
    """Why a file was refused."""
    return MEDIA[error.code].say(error.params)


def media_reason(reason: Mapping[str, Any]) -> str:
    """Why no rendition could be made, from the ``{"code": ..., "params": ...}`` that a failed one keeps."""
    return MEDIA[reason["code"]].say(reason.get("params", {}))


def declaration(kind: str) -> str:
    """What a post declares, in words."""
    return str(DECLARATIONS[kind])


def label(key: str) -> str:
    """The word for a platform, a connect field, an option or a choice; a key that needs no translation stays as it is."""
    if isinstance(key, Words):
        return key.said_in(str(get_locale() or "en"))
    return str(LABELS.get(key, key))
