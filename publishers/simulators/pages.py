"""The pages that people see: a timeline, a single post, and forms. The same templates serve both platforms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup
from werkzeug import Response
from werkzeug.exceptions import NotFound
from werkzeug.wsgi import wrap_file

from publishers.simulators.avatar import png, svg
from publishers.simulators.clock import iso
from publishers.simulators.engagement import Counts
from publishers.simulators.simulator import Simulator
from publishers.simulators.wire import Call
from publishers.simulators.words import Say, age, day, language_of, speaker

HERE = Path(__file__).parent
STATIC = {"site.css": "text/css; charset=utf-8", "refresh.js": "text/javascript; charset=utf-8"}
PER_PAGE = 40
POLICY = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'"


@dataclass(frozen=True)
class Attachment:
    """A picture, video or sound under a post."""

    kind: str
    url: str
    alt: str
    mime: str


@dataclass(frozen=True)
class Author:
    """Who posted; ``seed`` draws the face."""

    name: str
    handle: str
    seed: str
    url: str

    @property
    def face(self) -> str:
        """Address of the picture."""
        letter = self.name[:1] or "?"
        return f"/avatars/{self.seed}.svg?letter={letter}"


@dataclass(frozen=True)
class Shown:
    """A post as a page shows it. ``html`` is safe; ``at`` in epoch seconds."""

    id: str
    url: str
    author: Author
    at: float
    html: Markup
    language: str
    counts: Counts
    attachments: Sequence[Attachment] = ()
    warning: str = ""
    edited: bool = False
    is_reply: bool = False
    card: dict[str, str] = field(default_factory=dict)


class Pages:
    """Renders templates and serves the files beside them."""

    def __init__(self, sim: Simulator, brand: str) -> None:
        self._sim = sim
        self._brand = brand
        self._jinja = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True)
        self._jinja.trim_blocks = self._jinja.lstrip_blocks = True
        self._jinja.filters.update(iso=iso, compact=compact)
        sim.add_routes(
            [
                ("GET", "/static/<name>", self._static),
                ("GET", "/avatars/<seed>.svg", self._face_svg),
                ("GET", "/avatars/<seed>.png", self._face_png),
                ("GET", "/favicon.ico", self._favicon),
            ]
        )

    def render(self, call: Call, template: str, status: int = 200, **values: Any) -> Response:
        """A page in the reader's language."""
        language = language_of(call.accept_languages)
        say = speaker(language)
        html = self._jinja.get_template(template).render(
            brand=self._sim.settings.title or self._brand,
            platform=self._sim.platform,
            has_keys=hasattr(self._sim, "credentials"),
            language=language,
            say=say,
            ago=lambda instant: self._ago(instant, language, say),
            **values,
        )
        headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store", "Vary": "Accept-Language"}
        return Response(html, status, headers, content_type="text/html; charset=utf-8")

    def file(self, call: Call, path: Path, mime: str) -> Response:
        """A stored file, in ranges if asked so."""
        try:
            stream = path.open("rb")
        except FileNotFoundError as error:
            raise NotFound from error
        response = Response(wrap_file(call.environ, stream), content_type=mime, direct_passthrough=True)
        response.content_length = size = path.stat().st_size
        response.headers["Cache-Control"] = "max-age=3600"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Content-Security-Policy"] = "sandbox"
        return response.make_conditional(call.environ, accept_ranges=True, complete_length=size)

    def _static(self, call: Call, name: str) -> Response:
        if name not in STATIC:
            raise NotFound
        return self.file(call, HERE / "static" / name, STATIC[name])

    def _face_svg(self, call: Call, seed: str) -> Response:
        letter = call.args.get("letter", "")[:1]
        return Response(
            svg(seed, letter), content_type="image/svg+xml", headers={"Cache-Control": "max-age=86400"}
        )

    def _face_png(self, call: Call, seed: str) -> Response:
        return Response(png(seed), content_type="image/png", headers={"Cache-Control": "max-age=86400"})

    def _favicon(self, call: Call) -> Response:
        return Response(svg(self._brand, self._brand), content_type="image/svg+xml")

    def _ago(self, instant: float, language: str, say: Say) -> str:
        past = age(self._sim.clock.now() - instant)
        return say(*past) if past else day(instant, language)


def compact(number: int) -> str:
    """``1.2K``."""
    return str(number) if number < 1000 else f"{number / 1000:.1f}K"
