"""A simulated X (API v2): its own hosts' paths on one address, permalinks at ``/NAME/status/ID``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from werkzeug import Response

from publishers.simulators import social
from publishers.simulators.clock import epoch
from publishers.simulators.limiter import Quota
from publishers.simulators.server import Server
from publishers.simulators.social import Social
from publishers.simulators.social_oauth import Dialect, OAuth
from publishers.simulators.social_state import Account, Post, Token
from publishers.simulators.wire import Call, Refusal, answer
from publishers.simulators.x_rows import EPOCH, author_of, post_row, remark_row, user_row
from publishers.simulators.x_rules import (
    KNOWN,
    LONG,
    REPLY_SETTINGS,
    SHORT,
    XSettings,
    missing,
    no_field,
    problem,
    token_trouble,
    trimmed,
    weight,
)
from publishers.simulators.x_uploads import Uploads

POSTS = Quota("posts", 100, 900)
DAY, MONTH = 86_400.0, 30 * 86_400.0
LABELS = ("reply_settings", "made_with_ai", "paid_partnership")
BATCH, EDIT_SECONDS, EDITS = 100, 1800, 5
NOT_MENTIONED = (
    "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged by the author"
    " of the post you are replying to."
)


def serve(port: int = 0, data: str | Path | None = None, host: str = "127.0.0.1", **settings: Any) -> Server:
    """Start a server on ``port`` (0: any free one); ``settings`` are those of ``x_rules.XSettings``."""
    return social.serve(X, port, data, host, **settings)


class X(Social):
    """Access tokens live two hours; a refresh token is good for one use."""

    platform = "x"
    brand = "X"
    settings_kind = XSettings
    access_lives = 7200.0
    refresh_lives = 180 * DAY
    settings: XSettings

    def __init__(self, data: Path | None, settings: Any) -> None:
        super().__init__(data, settings)
        flow = Dialect(
            "/i/oauth2/authorize",
            "/2/oauth2/token",
            needs_pkce=True,
            basic=True,
            trouble=token_trouble,
            wrap=trimmed,
        )
        self.uploads = Uploads(self)
        self.add_routes(OAuth(self, flow).routes())
        self.add_routes(self.uploads.routes())
        self.add_routes(
            [
                ("GET", "/2/users/me", self._me),
                ("GET", "/2/users/<id>/tweets", self._tweets_of),
                ("GET", "/2/tweets", self._lookup),
                ("POST", "/2/tweets", self._create),
                ("DELETE", "/2/tweets/<id>", self._delete),
                ("GET", "/2/tweets/search/recent", self._search),
                ("GET", "/<handle>/status/<id>", self._status_page),
            ]
        )

    # -- its words

    def refuse(self, status: int, sentence: str = "") -> Refusal:
        """An error in X's form (RFC 7807)."""
        return problem(status, sentence)

    def too_many(self, seconds: float) -> Refusal:
        """A spent window, and one that is not."""
        reset = str(int(self.clock.now() + seconds))
        headers = {"x-rate-limit-limit": "100", "x-rate-limit-remaining": "0", "x-rate-limit-reset": reset}
        daily = {"x-user-limit-24hour-remaining": "9999", "x-user-limit-24hour-reset": "4102444800"}
        return Refusal(429, problem(429).body, {**headers, **daily})

    def denied(self, state: str) -> Refusal:
        """A token that is no good, in whatever way."""
        return problem(401)

    def new_id(self) -> str:
        """An id that tells when it was made."""
        count = int(super().new_id())
        return str((int(self.clock.now() * 1000) - EPOCH) << 22 | count & 0x3FFFFF)

    def issue(self, account_id: str, client_id: str, scope: str = "") -> Token:
        """Without offline.access there is no refresh token."""
        token = super().issue(account_id, client_id, scope)
        if scope and "offline.access" not in scope.split():
            token.refresh = ""
        return token

    def address(self, post: Post) -> str:
        """The permalink."""
        return f"{self.url}/{self.state.accounts[post.account_id].handle}/status/{post.id}"

    def caller(self, call: Call) -> Account:
        """Whose call this is; raises when they may not call, or nobody pays for it."""
        account = self.holder(call)
        if account.extra.get("suspended"):
            raise problem(403, "Your account is suspended and is not permitted to access this feature.")
        if self.settings.credits == 0:
            sentence = (
                f"Your enrolled account [{account.id}] does not have any credits to fulfill this request."
            )
            raise problem(
                402, sentence, kind="credits", title="CreditsDepleted", limits=self.settings.rate_limits
            )
        if self.settings.capped:
            sentence = "Usage cap exceeded: Monthly product cap"
            raise problem(429, sentence, kind="usage-capped", title="UsageCapExceeded")
        return account

    # -- posting

    def _create(self, call: Call) -> Response:
        account = self.caller(call)
        left = self._counted(account)
        body = call.get_json(silent=True) or {}
        self._check_body(body)
        if body.get("reply"):
            asked = str(body["reply"].get("in_reply_to_tweet_id", ""))
            told = self._replied(account, str(body.get("text", "")), asked)
        else:
            told = self._posted(call, account, body)
        return answer({"data": told}, 201, left)

    def _counted(self, account: Account) -> dict[str, str]:
        if not self.settings.rate_limits:
            return {}
        reading = self.limiter.hit(POSTS, account.id, self.clock.now())
        if reading.exceeded:
            raise self.too_many(reading.reset - self.clock.now())
        return {"x-rate-limit-remaining": str(reading.remaining), "x-rate-limit-reset": str(reading.reset)}

    def _posted(self, call: Call, account: Account, body: dict[str, Any]) -> dict[str, Any]:
        text, media = str(body.get("text", "")), body.get("media") or {}
        files = self.uploads.used(account, [str(id) for id in media.get("media_ids", ())])
        self._check_text(account, text, bool(files))
        edited = self._editable(account, body)
        self._check_repeat(account, text, files)
        extra = {name: body[name] for name in LABELS if name in body}
        now = self.clock.now()
        first = edited.extra.get("first_at", edited.created_at) if edited else now
        history = edited.extra.get("history", [edited.id]) if edited else []
        extra |= {"history": history, "first_at": first}
        post = self.publish(call, account, text, files, extra=extra, edited_at=now if edited else 0.0)
        post.extra["history"] = [*history, post.id]
        if edited:
            edited.deleted = True
        return {"id": post.id, "text": text, "edit_history_tweet_ids": post.extra["history"]}

    def _check_body(self, body: dict[str, Any]) -> None:
        for name, value in body.items():
            if name not in KNOWN:
                said = f"$.{name}: is not defined in the schema and the schema does not allow additional properties"
                raise problem(400, said, kind="invalid-request", errors=[{"message": said}])
            if not isinstance(value, KNOWN[name]):
                said = f"$.{name}: wrong type"
                raise problem(400, said, kind="invalid-request", errors=[{"message": said}])
        if body.get("reply_settings", "following") not in REPLY_SETTINGS:
            said = "$.reply_settings: does not have a value in the enumeration"
            raise problem(400, said, kind="invalid-request", errors=[{"message": said}])

    def _check_text(self, account: Account, text: str, has_files: bool) -> None:
        if not text.strip() and not has_files:
            raise problem(400, "Either text or media is required.", kind="invalid-request")
        if weight(text) > (LONG if self._pays(account) else SHORT):
            raise problem(403, "Your Tweet text is too long.")

    def _check_repeat(self, account: Account, text: str, files: list[str]) -> None:
        now = self.clock.now()
        for post in self.state.posts_of(account.id):
            is_fresh = post.created_at > now - self.settings.repeat_seconds
            if is_fresh and text and post.text == text and not files:
                raise problem(403, "You are not allowed to create a Tweet with duplicate content.")

    def _editable(self, account: Account, body: dict[str, Any]) -> Post | None:
        id = (body.get("edit_options") or {}).get("previous_post_id")
        if not id:
            return None
        post = self.living(str(id))
        if post is None or post.account_id != account.id or not self._pays(account):
            raise problem(403, "You are not permitted to edit this Post.")
        begun = float(post.extra.get("first_at", post.created_at))
        if self.clock.now() - begun > EDIT_SECONDS or len(post.extra.get("history", ())) > EDITS:
            raise problem(403, "This Post can no longer be edited.")
        return post

    def _pays(self, account: Account) -> bool:
        return self.settings.premium or bool(account.extra.get("premium"))

    def _replied(self, account: Account, text: str, id: str) -> dict[str, Any]:
        asked = self.state.remarks.get(id)
        post = self.living(asked.post_id if asked else id)
        if post is None:
            raise problem(403, "You attempted to reply to a Tweet that is deleted or not visible to you.")
        if self.settings.summoned and asked and f"@{account.handle}" not in asked.text:
            raise problem(403, NOT_MENTIONED)
        self._check_text(account, text, False)
        made = self.remark(post, account.handle, text, asked.id if asked else "")
        return {"id": made.id, "text": text, "edit_history_tweet_ids": [made.id]}

    def _delete(self, call: Call, id: str) -> Response:
        account = self.caller(call)
        with self.lock:
            post = self.state.posts.get(id)
            if post is None or post.account_id != account.id:
                raise problem(404, f"Could not find tweet with id: [{id}].", kind="resource-not-found")
            post.deleted = True
            self.changed.set()
        return answer({"data": {"deleted": True}})

    # -- reading

    def _me(self, call: Call) -> Response:
        account = self.caller(call)
        return answer({"data": user_row(self, account, self._pays(account))})

    def _tweets_of(self, call: Call, id: str) -> Response:
        self.caller(call)
        since = epoch(call.args["start_time"]) if "start_time" in call.args else 0.0
        count, start = int(call.args.get("max_results", 10)), int(call.args.get("pagination_token", 0))
        if not 5 <= count <= BATCH:
            raise problem(400, "max_results is not between 5 and 100", kind="invalid-request")
        own = [post for post in self.state.posts_of(id) if post.created_at >= since]
        page = own[start : start + count]
        meta: dict[str, Any] = {"result_count": len(page)}
        if start + count < len(own):
            meta["next_token"] = str(start + count)
        return answer({"meta": meta} | ({"data": [post_row(self, post) for post in page]} if page else {}))

    def _lookup(self, call: Call) -> Response:
        self.caller(call)
        ids = call.args.get("ids", "").split(",")
        if len(ids) > BATCH:
            raise problem(400, f"size must be between 1 and {BATCH}", kind="invalid-request")
        private = "non_public_metrics" in call.args.get("tweet.fields", "")
        posts = [(id, self.living(id)) for id in ids]
        errors = [missing(id) for id, post in posts if post is None]
        old = [post.id for _, post in posts if post and post.created_at < self.clock.now() - MONTH]
        if private and old:
            return answer({"errors": errors + [no_field(id) for id in old]})
        rows = [post_row(self, post, private) for _, post in posts if post]
        return answer(({"data": rows} if rows else {}) | ({"errors": errors} if errors else {}))

    def _search(self, call: Call) -> Response:
        self.caller(call)
        id = call.args.get("query", "").partition("conversation_id:")[2].partition(" ")[0]
        week = self.clock.now() - 7 * DAY
        found = [remark for remark in reversed(self.state.remarks_on(id)) if remark.at > week]
        if not found:
            return answer({"meta": {"result_count": 0}})
        rows = [remark_row(remark) for remark in found]
        people = {remark.by: author_of(remark) for remark in found}
        users = [{"id": id, "username": by, "name": by} for by, id in people.items()]
        return answer({"data": rows, "includes": {"users": users}, "meta": {"result_count": len(rows)}})

    def _status_page(self, call: Call, handle: str, id: str) -> Response:
        return self.show(call, id)
