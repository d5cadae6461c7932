"""How drafts go out on a simulated WeChat: publishing jobs (发布) and broadcasts (群发)."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from publishers.simulators.simulator import Route
from publishers.simulators.social_state import Account, Post
from publishers.simulators.wechat_drafts import OK, Article
from publishers.simulators.wechat_words import pictures, shown
from publishers.simulators.wire import Call

if TYPE_CHECKING:
    from publishers.simulators.wechat import Wechat

KEY_LENGTH, KEY_LIVES = 32, 86_400.0
BROADCASTS = {"subscription": ("%Y-%m-%d", 1), "service": ("%Y-%m", 4)}
SENDING, SENT, FAILED, DELETED = "SENDING", "SEND_SUCCESS", "SEND_FAIL", "DELETE"


class Jobs:
    """A post is queued, and public or refused when its time has come."""

    def __init__(self, sim: Wechat) -> None:
        self._sim = sim

    def routes(self) -> list[Route]:
        """The interfaces of freepublish/ and message/mass/, for verified accounts."""
        views = {
            "freepublish/submit": self._submit,
            "freepublish/get": self._status,
            "freepublish/batchget": self._batch,
            "freepublish/getarticle": self._article,
            "freepublish/delete": self._delete,
            "message/mass/sendall": self._send_all,
            "message/mass/get": self._mass_status,
            "message/mass/delete": self._mass_delete,
        }
        guarded = self._sim.guarded
        return [("POST", f"/cgi-bin/{path}", guarded(view, verified=True)) for path, view in views.items()]

    # -- publishing

    def _submit(self, call: Call, account: Account) -> Mapping[str, Any]:
        with self._sim.lock:
            article = self._sim.drafts.take(account, str(self._sim.body(call).get("media_id")))
            number = self._sim.new_id()
        post = self.put_out(call, account, article, {"publish_id": f"22475{number}"})
        return {**OK, "publish_id": post.extra["publish_id"], "msg_data_id": int(post.extra["msg_data_id"])}

    def put_out(self, call: Call, account: Account, article: Article, extra: dict[str, Any]) -> Post:
        """Queue an article; a job that takes no time is done at once."""
        sim, seconds = self._sim, self._sim.settings.publish_seconds
        with sim.lock:
            number = sim.new_id()
        is_pictures = article.get("article_type") == "newspic"
        content = str(article.get("content", ""))
        ids = (
            [row["image_media_id"].removeprefix("M") for row in article["image_info"]["image_list"]]
            if is_pictures
            else pictures(content, sim.drafts.pictures_at)
        )
        extra |= {
            "title": article.get("title", ""), "html": content, "article_id": f"A{number}", "article": article,
            "msg_data_id": f"26{number}", "ready_at": sim.clock.now() + seconds, "status": sim.settings.publish_status,
            "comments": bool(article.get("need_open_comment")),
        }  # fmt: skip
        text = content if is_pictures else shown(content)
        post = sim.publish(call, account, text, ids, state="queued", extra=extra)
        if seconds:
            timer = threading.Timer(seconds, self.ripen)
            timer.daemon = True
            timer.start()
        self.ripen()
        return post

    def ripen(self) -> None:
        """Finish the jobs whose time has come, and tell the accounts' callbacks."""
        sim = self._sim
        with sim.lock:
            now = sim.clock.now()
            ripe = [p for p in sim.state.posts.values() if p.state == "queued" and p.extra["ready_at"] <= now]
            for post in ripe:
                post.state = "refused" if post.extra["status"] else "public"
                post.created_at = post.extra["ready_at"]
                sim.changed.set()
        for post in ripe:
            sim.events.finished(post)

    def _status(self, call: Call, account: Account) -> Mapping[str, Any]:
        post = self._named(account, "publish_id", str(self._sim.body(call).get("publish_id")), 53502)
        status = self.status(post)
        told: dict[str, Any] = {
            "publish_id": post.extra["publish_id"],
            "publish_status": status,
            "fail_idx": [],
        }
        if status == 0:
            item = [{"idx": 1, "article_url": self._sim.address(post)}]
            told |= {"article_id": post.extra["article_id"], "article_detail": {"count": 1, "item": item}}
        if status in (2, 4):
            told["fail_idx"] = [1]
        return told

    def status(self, post: Post) -> int:
        """What a publishing job has come to."""
        if post.state == "queued":
            return 1
        if post.deleted:
            return 5 if post.extra.get("by_user") else 6
        return int(post.extra["status"])

    def _batch(self, call: Call, account: Account) -> Mapping[str, Any]:
        body = self._sim.body(call)
        start, count = int(body.get("offset", 0)), int(body.get("count", 0))
        if not 1 <= count <= 20:
            raise self._sim.trouble(40035)
        rows = sorted(self._published(account), key=lambda post: (post.created_at, post.number), reverse=True)
        item = [self._row(post, bool(body.get("no_content"))) for post in rows[start : start + count]]
        return {"total_count": len(rows), "item_count": len(item), "item": item}

    def _published(self, account: Account) -> list[Post]:
        posts = self._sim.state.posts.values()
        return [
            p for p in posts if p.account_id == account.id and p.state == "public" and "msg_id" not in p.extra
        ]

    def _row(self, post: Post, without_content: bool) -> dict[str, Any]:
        news = self._news(post)
        if without_content:
            del news["content"]
        at = int(post.created_at)
        content = {"news_item": [news], "create_time": at, "update_time": at}
        return {"article_id": post.extra["article_id"], "content": content, "update_time": at}

    def _news(self, post: Post) -> dict[str, Any]:
        told = {"title": post.extra["title"], "content": post.extra["html"], "url": self._sim.address(post)}
        return {**post.extra.get("article", {}), **told, "is_deleted": post.deleted}

    def _article(self, call: Call, account: Account) -> Mapping[str, Any]:
        post = self._named(account, "article_id", str(self._sim.body(call).get("article_id")), 53600)
        return {"news_item": [self._news(post)]}

    def _delete(self, call: Call, account: Account) -> Mapping[str, Any]:
        post = self._named(account, "article_id", str(self._sim.body(call).get("article_id")), 53600)
        if post.deleted:
            raise self._sim.trouble(53600)
        return self._taken_down(post)

    def _taken_down(self, post: Post) -> Mapping[str, Any]:
        with self._sim.lock:
            post.deleted, post.extra["by_user"] = True, True
            self._sim.changed.set()
        return OK

    def _named(self, account: Account, field: str, value: str, code: int) -> Post:
        for post in self._sim.state.posts.values():
            if post.account_id == account.id and post.extra.get(field) == value:
                return post
        raise self._sim.trouble(code)

    # -- broadcasts

    def _send_all(self, call: Call, account: Account) -> Mapping[str, Any]:
        from publishers.simulators.wechat import PER_MINUTE

        sim, body = self._sim, self._sim.body(call)
        to = body.get("filter", {})
        if not to.get("is_to_all") and "tag_id" not in to:
            raise sim.trouble(40035)
        with sim.lock:
            key = self._new_key(account, body)
            if sim.settings.rate_limits:
                self._check_quota(
                    account, key, sim.limiter.hit(PER_MINUTE, account.id, sim.clock.now()).exceeded
                )
            article = self._message(account, body)
            msg_id = self._remember(account, key)
        post = self.put_out(call, account, article, {"msg_id": msg_id, "to": to})
        return {**OK, "errmsg": "send job submission success", "msg_id": int(msg_id),
                "msg_data_id": int(post.extra["msg_data_id"])}  # fmt: skip

    def _new_key(self, account: Account, body: Mapping[str, Any]) -> str:
        """What tells one broadcast from another: the key that came with it, else a digest of all it says."""
        key = str(body.get("clientmsgid", ""))
        if len(key) > KEY_LENGTH:
            raise self._sim.trouble(45067)
        said = {name: body.get(name) for name in ("filter", "msgtype", "mpnews", "images")}
        key = key or hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
        known, now = self._keys.get(f"{account.id} {key}"), self._sim.clock.now()
        if known and now - known["at"] < KEY_LIVES:
            if now - known["at"] < self._sim.settings.retry_wait:
                raise self._sim.trouble(45066)
            raise self._sim.trouble(45065, more={"msg_id": int(known["msg_id"])})
        return key

    @property
    def _keys(self) -> dict[str, Any]:
        keys: dict[str, Any] = self._sim.state.extra.setdefault("keys", {})
        return keys

    def _remember(self, account: Account, key: str) -> str:
        msg_id = f"10{self._sim.new_id()}"
        self._keys[f"{account.id} {key}"] = {"msg_id": msg_id, "at": self._sim.clock.now()}
        return msg_id

    def _check_quota(self, account: Account, key: str, too_fast: bool) -> None:
        if too_fast:
            raise self._sim.trouble(45011)
        form, most = BROADCASTS[account.extra["kind"]]
        now, posts = self._sim.beijing().strftime(form), self._sim.state.posts.values()
        mine = [
            p for p in posts if p.account_id == account.id and "msg_id" in p.extra and p.state != "refused"
        ]
        if sum(self._sim.beijing(post.created_at).strftime(form) == now for post in mine) >= most:
            if self._sim.settings.burns_keys:
                self._remember(account, key)
            raise self._sim.trouble(45028)

    def _message(self, account: Account, body: Mapping[str, Any]) -> Article:
        if body.get("msgtype") == "mpnews":
            return self._sim.drafts.take(account, str(body.get("mpnews", {}).get("media_id")))
        images = body.get("images", {}) if body.get("msgtype") == "image" else {}
        ids = [str(id) for id in images.get("media_ids", [])]
        if not ids or not all(self._sim.drafts.is_picture(account, id) for id in ids):
            raise self._sim.trouble(40007)
        return {
            "article_type": "newspic",
            "content": images.get("recommend", ""),
            "image_info": {"image_list": [{"image_media_id": id} for id in ids]},
            "need_open_comment": images.get("need_open_comment", 0),
        }

    def _mass_status(self, call: Call, account: Account) -> Mapping[str, Any]:
        post = self._named(account, "msg_id", str(self._sim.body(call).get("msg_id")), 40059)
        state = DELETED if post.deleted else {"queued": SENDING, "public": SENT}.get(post.state, FAILED)
        return {"msg_id": int(post.extra["msg_id"]), "msg_status": state}

    def _mass_delete(self, call: Call, account: Account) -> Mapping[str, Any]:
        post = self._named(account, "msg_id", str(self._sim.body(call).get("msg_id")), 40059)
        return self._taken_down(post)
