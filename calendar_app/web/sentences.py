"""The one table from codes and label keys of the plain libraries to sentences in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import format_decimal
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from media.errors import MediaError
from publishers.values import Problem

Unit = Callable[[Any], str]


def number(value: float) -> str:
    """A number as the reader writes it."""
    return str(format_decimal(value))


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


def problem(found: Problem) -> str:
    """A publisher's problem in words."""
    return PROBLEMS[found.code].say(found.params)


def media_error(error: MediaError) -> str:
    """Why a file was refused."""
    return MEDIA[error.code].say(error.params)


def media_reason(reason: Mapping[str, Any]) -> str:
    """Why no rendition could be made, from the ``{"code": ..., "params": ...}`` that a failed one keeps."""
    return MEDIA[reason["code"]].say(reason.get("params", {}))


def label(key: str) -> str:
    """The word for a connect field, an option or a choice; a key that needs no translation stays as it is."""
    return str(LABELS.get(key, key))
