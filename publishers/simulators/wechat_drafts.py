"""The library and the draft box of a simulated WeChat account."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from publishers.simulators.simulator import Route
from publishers.simulators.social_state import Account, File
from publishers.simulators.wechat_words import cleaned
from publishers.simulators.wire import Call

if TYPE_CHECKING:
    from publishers.simulators.wechat import Wechat

MEGABYTE = 2**20
TITLE, AUTHOR, DIGEST, CONTENT, SOURCE, WORDS, PICTURES, ARTICLES = 32, 16, 128, 20_000, 1024, 1000, 20, 8
OK = {"errcode": 0, "errmsg": "ok"}
Article = dict[str, Any]


class Drafts:
    """Uploads and drafts; a draft that is published is taken away."""

    def __init__(self, sim: Wechat) -> None:
        self._sim = sim

    def routes(self) -> list[Route]:
        """The interfaces of media/, material/ and draft/."""
        guarded = self._sim.guarded
        return [
            ("POST", "/cgi-bin/media/uploadimg", guarded(self._upload_image)),
            ("POST", "/cgi-bin/material/add_material", guarded(self._add_material)),
            ("POST", "/cgi-bin/draft/add", guarded(self._add)),
            ("POST", "/cgi-bin/draft/get", guarded(self._get)),
            ("POST", "/cgi-bin/draft/delete", guarded(self._delete)),
            ("POST", "/cgi-bin/draft/batchget", guarded(self._batch)),
            (
                "GET",
                "/cgi-bin/draft/count",
                guarded(lambda _call, account: {"total_count": len(self.of(account))}),
            ),
        ]

    @property
    def _box(self) -> dict[str, Any]:
        box: dict[str, Any] = self._sim.state.extra.setdefault("drafts", {})
        return box

    def of(self, account: Account) -> dict[str, Any]:
        """The account's drafts by their media ids."""
        return {id: draft for id, draft in self._box.items() if draft["account"] == account.id}

    def take(self, account: Account, media_id: str) -> Article:
        """Take a draft out of the box, and answer its first article; the caller holds the lock."""
        if media_id not in self.of(account):
            raise self._sim.trouble(40007)
        article: Article = self._box.pop(media_id)["articles"][0]
        self._sim.changed.set()
        return article

    def is_picture(self, account: Account, media_id: str) -> bool:
        """Whether this names a picture of the account's library."""
        file = self._sim.state.files.get(media_id.removeprefix("M"))
        return file is not None and file.account_id == account.id and bool(file.extra.get("permanent"))

    def _upload_image(self, call: Call, account: Account) -> Mapping[str, Any]:
        file = self._taken(call, account)
        if file.mime not in ("image/jpeg", "image/png"):
            raise self._sim.trouble(40005)
        if file.size >= MEGABYTE:
            raise self._sim.trouble(40009)
        return {"url": f"{self.pictures_at}{file.id}/0?from=appmsg"}

    @property
    def pictures_at(self) -> str:
        """How the address of every picture here begins."""
        return f"{self._sim.url}/mmbiz/"

    def _add_material(self, call: Call, account: Account) -> Mapping[str, Any]:
        file = self._taken(call, account, permanent=True)
        if call.args.get("type") != "image" or file.kind != "image":
            raise self._sim.trouble(40137)
        if file.size > 10 * MEGABYTE:
            raise self._sim.trouble(40009)
        return {"media_id": f"M{file.id}", "url": f"{self.pictures_at}{file.id}/0?wx_fmt=jpeg", "item": []}

    def _taken(self, call: Call, account: Account, **extra: Any) -> File:
        upload = call.files.get("media")
        if upload is None or not (upload.filename or "").isascii() or "." not in (upload.filename or ""):
            raise self._sim.trouble(41005)
        return self._sim.take_file(upload.stream, account, **extra)

    def _add(self, call: Call, account: Account) -> Mapping[str, Any]:
        articles = self._sim.body(call).get("articles")
        if not isinstance(articles, list) or not articles:
            raise self._sim.trouble(44003)
        if len(articles) > ARTICLES:
            raise self._sim.trouble(45008)
        kept = [self._kept(account, article) for article in articles]
        media_id = secrets.token_urlsafe(32)
        with self._sim.lock:
            now = int(self._sim.clock.now())
            self._box[media_id] = {"account": account.id, "articles": kept, "at": now}
            self._sim.changed.set()
        return {"media_id": media_id}

    def _kept(self, account: Account, article: Article) -> Article:
        title, is_pictures = str(article.get("title", "")), article.get("article_type") == "newspic"
        lengths = (
            (45003, len(title), TITLE),
            (45110, len(article.get("author", "")), AUTHOR),
            (45004, len(article.get("digest", "")), DIGEST),
            (45005, len(article.get("content_source_url", "").encode()), SOURCE),
            (45002, len(article.get("content", "")), WORDS if is_pictures else CONTENT - 1),
            (45002, len(article.get("content", "").encode()), MEGABYTE - 1),
        )
        for code, length, most in lengths:
            if length > most:
                raise self._sim.trouble(code)
        if not title or "<" in title:
            raise self._sim.trouble(40035)
        self._check_pictures(account, article, is_pictures)
        content = str(article.get("content", ""))
        return {**article, "content": content if is_pictures else cleaned(content, self.pictures_at)}

    def _check_pictures(self, account: Account, article: Article, is_pictures: bool) -> None:
        shown = article.get("image_info", {}).get("image_list", [])
        named = (
            [row["image_media_id"] for row in shown] if is_pictures else [article.get("thumb_media_id", "")]
        )
        if not 1 <= len(named) <= PICTURES or not all(self.is_picture(account, str(id)) for id in named):
            raise self._sim.trouble(40007)

    def _get(self, call: Call, account: Account) -> Mapping[str, Any]:
        draft = self.of(account).get(str(self._sim.body(call).get("media_id")))
        if draft is None:
            raise self._sim.trouble(40007)
        return {"news_item": draft["articles"], "create_time": draft["at"], "update_time": draft["at"]}

    def _delete(self, call: Call, account: Account) -> Mapping[str, Any]:
        with self._sim.lock:
            self.take(account, str(self._sim.body(call).get("media_id")))
        return OK

    def _batch(self, call: Call, account: Account) -> Mapping[str, Any]:
        body, drafts = self._sim.body(call), self.of(account)
        start, count = int(body.get("offset", 0)), int(body.get("count", 0))
        if not 1 <= count <= 20:
            raise self._sim.trouble(40035)
        item = [
            {"media_id": id, "content": {"news_item": draft["articles"]}, "update_time": draft["at"]}
            for id, draft in list(drafts.items())[start : start + count]
        ]
        return {"total_count": len(drafts), "item_count": len(item), "item": item}
