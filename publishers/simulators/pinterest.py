"""A simulated Pinterest API v5 (developers.pinterest.com/docs/api/v5) with its pins at ``/pin/ID/``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from werkzeug import Response

from publishers.simulators import social
from publishers.simulators.clock import iso
from publishers.simulators.limiter import Quota
from publishers.simulators.pinterest_media import Media
from publishers.simulators.server import Server
from publishers.simulators.settings import Settings
from publishers.simulators.social import Social
from publishers.simulators.social_oauth import Dialect, OAuth
from publishers.simulators.social_state import Account, File, Post, Token
from publishers.simulators.wire import Call, Refusal, answer

WRITES = Quota("org_write", 100, 60)
BOUNDS = {"title": 100, "description": 800, "link": 2048, "alt_text": 500}
BATCH, DAYS = 100, 90
SUMMED = ("IMPRESSION", "OUTBOUND_CLICK", "PIN_CLICK", "SAVE", "VIDEO_MRC_VIEW")
FOR_LIFE = ("TOTAL_COMMENTS", "TOTAL_REACTIONS")


@dataclass(frozen=True)
class PinterestSettings(Settings):
    """``trial``: what the app pins is seen by its owner alone. ``bulk``: numbers of many pins may be asked at once."""

    trial: bool = False
    bulk: bool = True


def serve(port: int = 0, data: str | Path | None = None, host: str = "127.0.0.1", **settings: Any) -> Server:
    """Start a server on ``port`` (0: any free one); ``settings`` are those of ``PinterestSettings``."""
    return social.serve(Pinterest, port, data, host, **settings)


def _trouble(status: int, name: str, description: str) -> Refusal:
    return Refusal(status, {"code": 283 if name == "invalid_grant" else 2, "message": description})


class PinterestOAuth(OAuth):
    """The flow, with Pinterest's names."""

    def body(self, token: Token) -> dict[str, Any]:
        """A pair of tokens that both end."""
        told = super().body(token)
        ends = told.pop("refresh_expires_in")
        return {n: v for n, v in told.items() if n not in ("open_id", "uid")} | {
            "refresh_token_expires_in": ends
        }


class Pinterest(Social):
    """Each account has boards of its own; a post is a pin."""

    platform = "pinterest"
    brand = "Pinterest"
    settings_kind = PinterestSettings
    settings: PinterestSettings
    access_lives = 30 * 86_400.0
    refresh_lives = 60 * 86_400.0

    def __init__(self, data: Path | None, settings: Any) -> None:
        super().__init__(data, settings)
        oauth = PinterestOAuth(self, Dialect("/oauth/", "/v5/oauth/token", basic=True, trouble=_trouble))
        self._media = Media(self)
        self.add_routes(
            [
                *oauth.routes(),
                ("GET", "/v5/user_account", self._user_account),
                ("GET", "/v5/boards", self._list_boards),
                ("GET", "/v5/boards/<id>/pins", self._list_pins),
                ("POST", "/v5/media", self._media.register),
                ("GET", "/v5/media/<id>", self._media.status),
                ("POST", "/", self._media.store),
                ("POST", "/v5/pins", self._create_pin),
                ("PATCH", "/v5/pins/<id>", self._update_pin),
                ("DELETE", "/v5/pins/<id>", self._delete_pin),
                ("GET", "/v5/pins/analytics", self._analytics_of_many),
                ("GET", "/v5/pins/<id>/analytics", self._analytics),
                ("GET", "/pin/<id>/", self._pin_page),
            ]
        )

    def trouble(self, status: int, code: int, message: str) -> Refusal:
        """An error in Pinterest's form."""
        return Refusal(status, {"code": code, "message": message})

    def refuse(self, status: int, sentence: str = "") -> Refusal:
        """An error of the server's own."""
        codes = {401: 2, 403: 29, 404: 50}
        return self.trouble(status, codes.get(status, 11), sentence or "Something went wrong on our end.")

    def too_many(self, seconds: float) -> Refusal:
        """Over the limit, with the seconds that are left of its window."""
        headers = {"x-ratelimit-limit": "100", "x-ratelimit-remaining": "0"}
        told = {"code": 8, "message": "You have exceeded your rate limit. Try again later."}
        return Refusal(429, told, headers | {"x-ratelimit-reset": str(max(1, round(seconds)))})

    def denied(self, state: str) -> Refusal:
        """A token that is no good."""
        return self.trouble(401, 2, "Authentication failed.")

    def credentials(self, account: Account, token: Token) -> dict[str, Any]:
        """Tokens, and when the second of them ends."""
        given = super().credentials(account, token)["credentials"]
        return {"credentials": given | {"ends_at": iso(token.refresh_expires_at)}}

    def address(self, post: Post) -> str:
        """Where a pin is seen, here at our own address instead of www.pinterest.com."""
        return f"{self.url}/pin/{post.id}/"

    def join(self, handle: str, name: str = "", seed: str = "") -> Account:
        """An account, with two boards to begin with."""
        account = super().join(handle, name, seed)
        account.extra.setdefault("boards", {f"{account.id}1": "Tea", f"{account.id}2": "食譜"})
        return account

    # -- accounts and boards

    def _user_account(self, call: Call) -> Response:
        account = self.holder(call)
        told = {
            "account_type": "BUSINESS", "id": account.id, "username": account.handle, "business_name": account.name,
            "profile_image": f"{self.url}/avatars/{account.seed}.png", "follower_count": self.followers(account),
            "following_count": 3, "pin_count": len(list(self.state.posts_of(account.id))), "monthly_views": 900,
        }  # fmt: skip
        return answer(told)

    def _list_boards(self, call: Call) -> Response:
        account = self.holder(call)
        listed = [
            {"id": id, "name": name, "privacy": "PUBLIC"} for id, name in account.extra["boards"].items()
        ]
        page = int(call.args.get("page_size", 25))
        more = "more" if len(listed) > page else None
        return answer({"items": listed[:page], "bookmark": more})

    def _list_pins(self, call: Call, id: str) -> Response:
        account = self.holder(call)
        self._check_board(account, id)
        mine = [p for p in self.state.posts.values() if p.account_id == account.id and not p.deleted]
        listed = sorted((p for p in mine if p.extra.get("board") == id), key=lambda p: -p.number)
        begin, page = int(call.args.get("bookmark", 0)), int(call.args.get("page_size", 25))
        more = str(begin + page) if begin + page < len(listed) else None
        return answer({"items": [self._pin(p) for p in listed[begin : begin + page]], "bookmark": more})

    def _check_board(self, account: Account, id: str) -> None:
        if id not in account.extra["boards"]:
            raise self.trouble(404, 40, "Board not found.")

    # -- pins

    def _create_pin(self, call: Call) -> Response:
        account, given = self.holder(call), call.get_json(silent=True) or {}
        if account.extra.get("refused"):
            raise self.trouble(403, 29, "You are not permitted to access that resource.")
        self._spend(account)
        self._check_board(account, str(given.get("board_id", "")))
        self._check_words(given)
        kind, files = self._files(account, given)
        said = {n: str(given.get(n) or "") for n in ("title", "link")}
        extra = said | {"board": given["board_id"], "media_type": kind}
        state = "owner" if self.settings.trial else "public"
        ids = [file.id for file in files]
        post = self.publish(call, account, str(given.get("description") or ""), ids, extra=extra, state=state)
        return answer(self._pin(post), 201)

    def _files(self, account: Account, given: dict[str, Any]) -> tuple[str, list[File]]:
        source, alt = given.get("media_source") or {}, str(given.get("alt_text") or "")
        kind = source.get("source_type")
        if kind in ("image_url", "image_base64"):
            return "image", [self._media.picture(account, source, alt)]
        if kind in ("multiple_image_urls", "multiple_image_base64"):
            items = source.get("items", [])
            if not 2 <= len(items) <= 5:
                raise self.trouble(400, 1, "items must have from 2 to 5 images.")
            return "multiple_images", [self._media.picture(account, item, alt) for item in items]
        if kind == "video_id":
            return "video", [self._film(account, source, alt)]
        raise self.trouble(400, 1, "media_source is missing or unknown.")

    def _film(self, account: Account, source: dict[str, Any], alt: str) -> File:
        if "cover_image_url" in source:
            self._media.picture(account, {"url": source["cover_image_url"]})
        elif "cover_image_data" in source:
            cover = {
                "content_type": source.get("cover_image_content_type"),
                "data": source["cover_image_data"],
            }
            self._media.picture(account, cover)
        elif "cover_image_key_frame_time" not in source:
            raise self.trouble(400, 1, "A video needs a cover image.")
        film = self._media.video(str(source.get("media_id", "")))
        film.alt = alt
        return film

    def _update_pin(self, call: Call, id: str) -> Response:
        account, given = self.holder(call), call.get_json(silent=True) or {}
        self._spend(account)
        self._check_words(given)
        with self.lock:
            post = self._own(account, id)
            post.text, post.edited_at = str(given.get("description", post.text) or ""), self.clock.now()
            post.extra |= {n: given[n] for n in ("title", "link") if n in given}
            if "board_id" in given:
                self._check_board(account, given["board_id"])
                post.extra["board"] = given["board_id"]
            self.changed.set()
        return answer(self._pin(post))

    def _delete_pin(self, call: Call, id: str) -> Response:
        account = self.holder(call)
        self._spend(account)
        with self.lock:
            self._own(account, id).deleted = True
            self.changed.set()
        return Response(b"", 204)

    def _own(self, account: Account, id: str) -> Post:
        post = self.living(id)
        if post is None or post.account_id != account.id:
            raise self.trouble(404, 50, "Pin not found.")
        return post

    def _check_words(self, given: dict[str, Any]) -> None:
        for name, limit in BOUNDS.items():
            if len(str(given.get(name) or "")) > limit:
                raise self.trouble(400, 1, f"Invalid request: {name} has more than {limit} characters.")

    def _spend(self, account: Account) -> None:
        if self.settings.rate_limits:
            reading = self.limiter.hit(WRITES, account.id, self.clock.now())
            if reading.exceeded:
                raise self.too_many(reading.reset - self.clock.now())

    def _pin(self, post: Post) -> dict[str, Any]:
        made_at = datetime.fromtimestamp(post.created_at, UTC)
        return {
            "id": post.id, "created_at": made_at.strftime("%Y-%m-%dT%H:%M:%S"), "description": post.text or None,
            "title": post.extra.get("title") or None, "link": post.extra.get("link") or None,
            "board_id": post.extra.get("board"), "media": {"media_type": post.extra.get("media_type", "image")},
        }  # fmt: skip

    # -- numbers

    def _analytics_of_many(self, call: Call) -> Response:
        account = self.holder(call)
        if not self.settings.bulk:
            raise self.trouble(403, 29, "Your application is not authorized to access this endpoint.")
        ids = call.args.get("pin_ids", "").split(",")
        if len(ids) > BATCH:
            raise self.trouble(400, 1, "pin_ids has more than 100 items.")
        wanted = self._wanted(call)
        posts = [post for id in ids if (post := self.living(id)) and post.account_id == account.id]
        return answer({post.id: self._numbers(post, wanted) for post in posts})

    def _analytics(self, call: Call, id: str) -> Response:
        return answer(self._numbers(self._own(self.holder(call), id), self._wanted(call)))

    def _wanted(self, call: Call) -> list[str]:
        today = datetime.fromtimestamp(self.clock.now(), UTC).date()
        begin = date.fromisoformat(call.args.get("start_date", ""))
        if not today - timedelta(days=DAYS) < begin <= date.fromisoformat(call.args.get("end_date", "")):
            raise self.trouble(400, 1, "start_date must be within the last 90 days.")
        wanted = call.args.get("metric_types", "").split(",")
        if not set(wanted) <= {*SUMMED, *FOR_LIFE}:
            raise self.trouble(400, 1, "metric_types has an unknown value.")
        return wanted

    def _numbers(self, post: Post, wanted: list[str]) -> dict[str, Any]:
        seen = self.counts(post)
        known = {
            "IMPRESSION": seen.likes * 30, "OUTBOUND_CLICK": seen.reposts, "PIN_CLICK": seen.likes,
            "SAVE": seen.bookmarks, "TOTAL_COMMENTS": seen.replies, "TOTAL_REACTIONS": seen.likes,
        }  # fmt: skip
        if post.extra.get("media_type") == "video":
            known["VIDEO_MRC_VIEW"] = seen.likes * 10
        told = {name: known[name] for name in wanted if name in known}
        summed = {name: float(number) for name, number in told.items() if name in SUMMED}
        lasting = {name: number for name, number in told.items() if name in FOR_LIFE}
        return {"all": {"daily_metrics": [], "summary_metrics": summed, "lifetime_metrics": lasting}}

    def _pin_page(self, call: Call, id: str) -> Response:
        return self.show(call, id)
