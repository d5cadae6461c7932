"""The numbers, comments and followers of a simulated WeChat account."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from publishers.simulators.engagement import counts
from publishers.simulators.simulator import Route
from publishers.simulators.social_state import Account, Post, Remark
from publishers.simulators.wechat_drafts import OK
from publishers.simulators.wire import Call

if TYPE_CHECKING:
    from publishers.simulators.wechat import Wechat

RETIRED = (
    "getarticlesummary",
    "getarticletotal",
    "getuserread",
    "getuserreadhour",
    "getusershare",
    "getusersharehour",
)
FIRST_DAY = date(2025, 11, 1)
READY = time(8, 0)
DAYS, ANSWER, COMMENTS = 30, 600, 50


class Data:
    """Statistics come a day late, by the day on which a post came out; comments at once."""

    def __init__(self, sim: Wechat) -> None:
        self._sim = sim

    def routes(self) -> list[Route]:
        """The interfaces of datacube/, comment/ and user/, for verified accounts."""
        views = {
            "datacube/getarticletotaldetail": self._details,
            "cgi-bin/comment/list": self._comments,
            "cgi-bin/comment/reply/add": self._answer,
            **{f"datacube/{name}": self._retired for name in RETIRED},
        }
        guarded = self._sim.guarded
        posted = [("POST", f"/{path}", guarded(view, verified=True)) for path, view in views.items()]
        return [*posted, ("GET", "/cgi-bin/user/get", guarded(self._followers, verified=True))]

    def _retired(self, call: Call, account: Account) -> Mapping[str, Any]:
        raise self._sim.trouble(47009)

    def _details(self, call: Call, account: Account) -> Mapping[str, Any]:
        body, now = self._sim.body(call), self._sim.beijing()
        try:
            first, last = (date.fromisoformat(str(body[name])) for name in ("begin_date", "end_date"))
        except (KeyError, ValueError):
            raise self._sim.trouble(61501) from None
        yesterday = now.date() - timedelta(days=1)
        if first != last or first > yesterday or first < FIRST_DAY:
            raise self._sim.trouble(61501)
        if first == yesterday and now.time() < READY:
            return {"list": [], "is_delay": True}
        posts = [p for p in self._out(account) if self._sim.beijing(p.created_at).date() == first]
        return {"list": [self._detail(post, first, yesterday) for post in posts], "is_delay": False}

    def _out(self, account: Account) -> list[Post]:
        return list(self._sim.state.posts_of(account.id))

    def _detail(self, post: Post, day: date, yesterday: date) -> dict[str, Any]:
        lasts = min((yesterday - day).days + 1, DAYS)
        days = [self._row(post, day + timedelta(days=n), n == lasts - 1) for n in range(lasts)]
        return {
            "ref_date": day.isoformat(), "msgid": f"{post.extra['msg_data_id']}_1", "title": post.extra["title"],
            "publish_type": int("msg_id" not in post.extra), "content_url": self._sim.address(post),
            "detail_list": days,
        }  # fmt: skip

    def _row(self, post: Post, day: date, is_last: bool) -> dict[str, Any]:
        """All since the beginning, as it stood at the end of ``day``; the newest one knows what control added."""
        midnight = datetime.combine(day, time(), self._sim.beijing().tzinfo) + timedelta(days=1)
        public = counts(post.id, midnight.timestamp() - post.created_at, self._sim.settings.engagement)
        likes = public.likes + (post.likes if is_last else 0)
        said = len(self._sim.state.remarks_on(post.id)) if is_last else 0
        return {
            "stat_date": day.isoformat(), "read_user": likes * 12, "share_user": public.reposts, "like_user": likes,
            "zaikan_user": likes // 2, "comment_count": public.replies + said, "collection_user": public.bookmarks,
            "praise_money": 0, "read_subscribe_user": likes * 5,
        }  # fmt: skip

    def _talked_about(self, account: Account, body: Mapping[str, Any]) -> Post:
        wanted = str(body.get("msg_data_id"))
        post = next((p for p in self._out(account) if p.extra["msg_data_id"] == wanted), None)
        if post is None or body.get("index", 0) != 0:
            raise self._sim.trouble(88001)
        if not post.extra.get("comments"):
            raise self._sim.trouble(88000)
        return post

    def _comments(self, call: Call, account: Account) -> Mapping[str, Any]:
        body = self._sim.body(call)
        begin, count = int(body.get("begin", 0)), int(body.get("count", 0))
        if not 1 <= count <= COMMENTS:
            raise self._sim.trouble(88010)
        remarks = self._sim.state.remarks_on(self._talked_about(account, body).id)
        return {
            **OK,
            "total": len(remarks),
            "comment": [self._told(r) for r in remarks[begin : begin + count]],
        }

    def _told(self, remark: Remark) -> dict[str, Any]:
        said = {
            "user_comment_id": int(remark.id), "openid": remark.by, "create_time": int(remark.at),
            "content": remark.text, "comment_type": 0,
        }  # fmt: skip
        answer = self._answers.get(remark.id)
        return {**said, "reply": answer} if answer else said

    @property
    def _answers(self) -> dict[str, Any]:
        answers: dict[str, Any] = self._sim.state.extra.setdefault("answers", {})
        return answers

    def _answer(self, call: Call, account: Account) -> Mapping[str, Any]:
        body = self._sim.body(call)
        post, id = self._talked_about(account, body), str(body.get("user_comment_id"))
        if id not in {remark.id for remark in self._sim.state.remarks_on(post.id)}:
            raise self._sim.trouble(88003)
        if id in self._answers:
            raise self._sim.trouble(88005)
        text = str(body.get("content", ""))
        if not 1 <= len(text) <= ANSWER:
            raise self._sim.trouble(88007)
        with self._sim.lock:
            self._answers[id] = {"content": text, "create_time": int(self._sim.clock.now())}
            self._sim.changed.set()
        return OK

    def _followers(self, call: Call, account: Account) -> Mapping[str, Any]:
        total = self._sim.followers(account)
        return {"total": total, "count": 1, "data": {"openid": ["oUser"]}, "next_openid": "oUser"}
