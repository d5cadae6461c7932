"""A simulated Weibo (open.weibo.com API v2): its own hosts' paths on one address, permalinks at ``/UID/BASE62``."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Any

from werkzeug import Response

from publishers.simulators import social
from publishers.simulators.limiter import Quota
from publishers.simulators.rack import params
from publishers.simulators.server import Server
from publishers.simulators.social import Social
from publishers.simulators.social_oauth import Dialect, OAuth
from publishers.simulators.social_state import Account, File, Post, Remark, Token
from publishers.simulators.weibo_rows import code_of, comment_row, mid_of, status_row, user_row
from publishers.simulators.weibo_rules import (
    WORDS,
    WeiboSettings,
    flow_trouble,
    heart,
    leads_to,
    length,
    token_body,
)
from publishers.simulators.wire import Call, Refusal, answer

LETTERS, PICTURE_BYTES, PICTURES, BATCH = 140, 5 * 2**20, 9, 100
LONG_LETTERS = 2000
PER_HOUR = Quota("posts", 30, 3600)
FIRST_ID = 5_100_000_000_000_000


def serve(port: int = 0, data: str | Path | None = None, host: str = "127.0.0.1", **settings: Any) -> Server:
    """Start a server on ``port`` (0: any free one); ``settings`` are those of ``WeiboSettings``."""
    return social.serve(Weibo, port, data, host, **settings)


class Weibo(Social):
    """Its tokens cannot be renewed."""

    platform = "weibo"
    brand = "Weibo"
    settings_kind = WeiboSettings
    access_lives = 30 * 86_400.0
    settings: WeiboSettings

    def __init__(self, data: Path | None, settings: Any) -> None:
        super().__init__(data, settings)
        flow = Dialect("/oauth2/authorize", "/oauth2/access_token", trouble=flow_trouble, wrap=token_body)
        self.add_routes(OAuth(self, flow).routes())
        self.add_routes(
            [
                ("POST", "/oauth2/get_token_info", self._token_info),
                ("POST", "/2/statuses/share.json", self._share),
                ("POST", "/2/statuses/upload_pic/biz.json", self._upload_pic),
                ("POST", "/2/statuses/upload_url_text/biz.json", self._upload_url_text),
                ("POST", "/2/statuses/update/biz.json", self._update),
                ("POST", "/2/statuses/destroy.json", self._destroy),
                ("GET", "/2/statuses/user_timeline.json", self._user_timeline),
                ("GET", "/2/statuses/count.json", self._count),
                ("GET", "/2/users/show.json", self._users_show),
                ("GET", "/2/comments/show.json", self._comments_show),
                ("POST", "/2/comments/create.json", self._comments_create),
                ("POST", "/2/comments/reply.json", self._comments_reply),
                ("GET", "/u/<uid>", self._person_page),
                ("GET", "/<uid>/<code>", self._status_page),
            ]
        )

    # -- its words

    def refuse(self, status: int, sentence: str = "") -> Refusal:
        """An error in Weibo's form."""
        number = 10020 if status == 404 else 10001
        return Refusal(status, {"error": sentence or WORDS[number], "error_code": number, "request": ""})

    def too_many(self, seconds: float) -> Refusal:
        """No answer says until when."""
        return Refusal(403, {"error": WORDS[10024], "error_code": 10024, "request": "/2/statuses/share.json"})

    def denied(self, state: str) -> Refusal:
        """A token that is no good."""
        return self._no(21327 if state == "expired" else 21332, 403)

    def new_id(self) -> str:
        """Sixteen digits, as they have been for years."""
        return str(FIRST_ID + int(super().new_id()) * 1_000_003)

    def credentials(self, account: Account, token: Token) -> dict[str, Any]:
        """There is no refresh token."""
        app = self.state.apps[token.client_id]
        pair = {"client_id": app.client_id, "client_secret": app.client_secret}
        return {"credentials": {"access_token": token.access, **pair}}

    def address(self, post: Post) -> str:
        """The permalink."""
        return f"{self.url}/{post.account_id}/{code_of(post.id)}"

    def _no(self, number: int, status: int = 400, sentence: str = "") -> Refusal:
        body = {"error": sentence or WORDS[number], "error_code": number, "request": "/2/statuses/share.json"}
        return Refusal(200 if self.settings.good_status else status, body)

    # -- who

    def _caller(self, call: Call) -> tuple[Account, dict[str, Any]]:
        given = params(call)
        account = self.holder(call, str(given.get("access_token", "")))
        if not self.settings.reviewed and not account.extra.get("tester"):
            raise self._no(21321, 403)
        return account, given

    def _token_info(self, call: Call) -> Response:
        token = self.token_of(call, str(params(call).get("access_token", "")))
        lasts = int(token.expires_at - self.clock.now())
        known = {"uid": int(token.account_id), "appkey": token.client_id, "scope": token.scope}
        return answer({**known, "create_at": int(token.expires_at - self.access_lives), "expire_in": lasts})

    def _users_show(self, call: Call) -> Response:
        self._caller(call)
        wanted = self.state.accounts.get(str(params(call).get("uid", "")))
        if wanted is None:
            raise self._no(10013)
        return answer(user_row(self, wanted))

    # -- what is said

    def _share(self, call: Call) -> Response:
        account, given = self._caller(call)
        self._check_ip(given)
        said = self._checked(str(given.get("status", "")), LETTERS)
        self._check_domain(said)
        files = [self._picture(call, account).id] if "pic" in call.files else []
        return self._published(call, account, said, files)

    def _update(self, call: Call) -> Response:
        account, given = self._commercial(call)
        said = self._checked(str(given.get("status", "")), self._longest(given))
        return self._published(call, account, said, [])

    def _upload_url_text(self, call: Call) -> Response:
        account, given = self._commercial(call)
        ids = [id for id in str(given.get("pic_id", "")).split(",") if id]
        if not 1 <= len(ids) <= PICTURES:
            raise self._no(10017, sentence="param error: pic_id")
        now = self.clock.now()
        files = [self.state.files.get(id) for id in ids]
        if any(file is None or file.created_at + self.settings.media_ttl <= now for file in files):
            raise self._no(10017, sentence="pic_id is not valid!")
        said = self._checked(str(given.get("status", "")), self._longest(given))
        return self._published(call, account, said, ids)

    def _upload_pic(self, call: Call) -> Response:
        account, _ = self._commercial(call)
        file = self._picture(call, account)
        links = {
            f"{size}_pic": f"{self.url}/files/{file.id}" for size in ("thumbnail", "bmiddle", "original")
        }
        return answer({"pic_id": file.id, **links})

    def _commercial(self, call: Call) -> tuple[Account, dict[str, Any]]:
        if not self.settings.commercial:
            raise self._no(10014, 403)
        return self._caller(call)

    def _longest(self, given: dict[str, Any]) -> int:
        return LONG_LETTERS if given.get("is_longtext") == "1" else LETTERS

    def _picture(self, call: Call, account: Account) -> File:
        upload = call.files.get("pic")
        if upload is None:
            raise self._no(10016)
        file = self.take_file(upload.stream, account)
        if file.mime not in ("image/jpeg", "image/gif", "image/png"):
            raise self._no(20005)
        if file.size >= PICTURE_BYTES:
            raise self._no(20006)
        return file

    def _checked(self, said: str, most: int) -> str:
        if not said.strip():
            raise self._no(20008)
        if length(said) > most:
            raise self._no(20012)
        return said

    def _check_domain(self, said: str) -> None:
        if not self.settings.domains:
            raise self._no(10017, sentence="appkey not bind domain!")
        if not leads_to(said, self.settings.domains):
            raise self._no(10017)

    def _check_ip(self, given: dict[str, Any]) -> None:
        told = str(given.get("rip", ""))
        if not told and self.settings.requires_rip:
            raise self._no(10016, sentence="miss required parameter : (rip)")
        if told and ipaddress.ip_address(told).is_private:
            raise self._no(10017, sentence="param error: rip")

    def _published(self, call: Call, account: Account, said: str, files: list[str]) -> Response:
        now = self.clock.now()
        if self.settings.rate_limits and self.limiter.hit(PER_HOUR, account.id, now).exceeded:
            raise self._no(20016, 403)
        self._check_repeat(account, said, now)
        late = self.settings.sync_seconds
        state = "public" if self.settings.reviewed else "testers"
        post = self.publish(call, account, said, files, state=state, extra={"listed_at": now + late})
        if late:
            raise self._no(20032)
        return answer(status_row(self, post))

    def _check_repeat(self, account: Account, said: str, now: float) -> None:
        for post in self.state.posts.values():
            if post.account_id == account.id and post.created_at > now - self.settings.similar_seconds:
                if post.text == said:
                    raise self._no(20019)
                if heart(post.text) == heart(said):
                    raise self._no(20017)

    def _destroy(self, call: Call) -> Response:
        account, given = self._caller(call)
        with self.lock:
            post = self._own(account, str(given.get("id", "")))
            row = status_row(self, post)
            post.deleted = True
            self.changed.set()
        return answer(row)

    def _own(self, account: Account, id: str) -> Post:
        post = self.living(id)
        if post is None or post.account_id != account.id:
            raise self._no(20101)
        return post

    # -- what is read

    def _user_timeline(self, call: Call) -> Response:
        account, given = self._caller(call)
        if str(given.get("uid", account.id)) != account.id:
            raise self._no(10014, 403)  # since 2013 only one's own
        own = [p for p in self.state.posts.values() if p.account_id == account.id and not p.deleted]
        listed = [p for p in own if p.extra.get("listed_at", 0) <= self.clock.now()]
        newest = sorted(listed, key=lambda post: (post.created_at, post.number), reverse=True)
        shown = newest[: self.settings.newest or None]
        count, page = min(int(given.get("count", 20)), 100), int(given.get("page", 1))
        rows = [status_row(self, post) for post in shown[(page - 1) * count : page * count]]
        return answer({"statuses": rows, "total_number": len(newest)})

    def _count(self, call: Call) -> Response:
        _, given = self._caller(call)
        ids = str(given.get("ids", "")).split(",")
        if len(ids) > BATCH:
            raise self._no(10017, sentence="param error: ids")
        posts = [post for id in ids if (post := self.living(id)) is not None]
        told = [(post, self.counts(post)) for post in posts]
        rows = [
            {"id": int(p.id), "comments": c.replies, "reposts": c.reposts, "attitudes": c.likes}
            for p, c in told
        ]
        return answer(rows)

    def _comments_show(self, call: Call) -> Response:
        account, given = self._caller(call)
        post = self._own(account, str(given.get("id", "")))
        newest = list(reversed(self.state.remarks_on(post.id)))[: min(int(given.get("count", 50)), 200)]
        rows = [comment_row(self, remark) for remark in newest]
        return answer({"comments": rows, "total_number": len(rows)})

    def _comments_create(self, call: Call) -> Response:
        return self._commented(call, None)

    def _comments_reply(self, call: Call) -> Response:
        asked = self.state.remarks.get(str(params(call).get("cid", "")))
        if asked is None:
            raise self._no(20201)
        return self._commented(call, asked)

    def _commented(self, call: Call, asked: Remark | None) -> Response:
        account, given = self._caller(call)
        post = self._own(account, str(given.get("id", "")))
        said = self._checked(str(given.get("comment", "")), LETTERS)
        if asked is not None:
            said = f"回复@{asked.by}:{said}"
        made = self.remark(post, account.handle, said, asked.id if asked else "")
        return answer(comment_row(self, made))

    # -- pages

    def _person_page(self, call: Call, uid: str) -> Response:
        account = self.state.accounts.get(uid)
        return self._profile(call, account.handle if account else "")

    def _status_page(self, call: Call, uid: str, code: str) -> Response:
        return self.show(call, mid_of(code))
