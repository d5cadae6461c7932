"""A WordPress site, spoken to as one of its people (WordPress docs, rest-api/reference).

What is posted is a draft before: publishing it is an update, and the same however often it is made.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from publishers import declarations
from publishers import limits as shared
from publishers import wordpress_api as api
from publishers import wordpress_html as markup
from publishers import wordpress_posts as posts
from publishers import wordpress_terms as terms
from publishers.base import Field, Option, Publisher
from publishers.errors import Evidence, Rejected, Stale, not_prepared
from publishers.values import (
    Audience,
    Comment,
    Connected,
    Content,
    Destination,
    Limits,
    MediaLimits,
    Metrics,
    Preview,
    Problem,
    Receipt,
    Ticket,
)
from publishers.words import CATEGORY, TAGS, TAGS_HINT, TITLE, Words

# A site states no bounds; these keep to what most hosts take.
LIMITS = Limits(
    max_text=50_000,
    counter="codepoints",
    image=MediaLimits(("image/jpeg", "image/png", "image/gif", "image/webp"), 20, max_bytes=32 * 2**20),
    video=MediaLimits(("video/mp4", "video/webm", "video/quicktime"), 5, max_bytes=128 * 2**20),
    mixes_kinds=True,
)
NO_RIGHT = Words(
    "This person may not publish there: the role has to be author, editor or administrator.",
    "這個使用者不能在該站發佈：角色須為作者、編輯或網站管理員。",
    "这个用户不能在该站发布：角色须为作者、编辑或管理员。",
)
BAD_SLUG = Words(
    "The address takes small letters from a to z, digits and hyphens.",
    "網址代稱只能用小寫英文字母、數字和連字號。",
    "固定链接只能用小写英文字母、数字和连字符。",
)
NO_PICTURE = Words("The featured image is no picture.", "精選圖片不是圖片檔。", "特色图片不是图片文件。")
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_GONE = (404, 410)


class WordPress(Publisher):
    """One author of one site."""

    name = "wordpress"
    label = "WordPress"
    mark = "W"
    connect_fields = (
        Field(
            "site",
            "text",
            Words("Site address", "網站位址", "网站地址"),
            Words("Such as example.com or example.com/blog", "例如 example.com 或 example.com/blog", "例如 example.com 或 example.com/blog"),
        ),
        Field("username", "text", Words("Username", "使用者名稱", "用户名")),
        Field(
            "password",
            "password",
            Words("Application password", "應用程式密碼", "应用程序密码"),
            Words(
                "From your profile on the site, not the one that you sign in with.",
                "在網站的個人資料頁產生，不是登入密碼。",
                "在网站的个人资料页生成，不是登录密码。",
            ),
        ),
    )  # fmt: skip
    options = (
        Option("title", TITLE, max_length=200, required=True),
        Option("excerpt", Words("Excerpt", "摘要", "摘要"), kind="long", max_length=1000),
        Option("categories", CATEGORY, hint=TAGS_HINT),
        Option("tags", TAGS, hint=TAGS_HINT),
        Option("featured", Words("Featured image", "精選圖片", "特色图片"), kind="file"),
        Option(
            "slug",
            Words("Address", "網址代稱", "固定链接"),
            max_length=100,
            hint=Words(
                "Begins the last part of the post's address.",
                "文章網址最後一段的開頭。",
                "文章网址最后一段的开头。",
            ),
        ),
        Option("no_comments", Words("Without comments", "不開放留言", "不开放评论"), kind="switch"),
    )
    metrics = frozenset({"replies"})
    metrics_batch = 10
    key_lives = timedelta.max
    default_limits = LIMITS

    def new_key(self, now: datetime) -> str:
        return f"a{secrets.token_hex(6)}"  # ends the address of the post: short, and never a mere number

    def materials(self, content: Content) -> tuple[str, ...]:
        options = json.dumps(dict(content.options), sort_keys=True, ensure_ascii=False)
        return (*super().materials(content), declarations.text(content), options)

    def check(self, content: Content, limits: Limits) -> list[Problem]:
        found = shared.problems(content, limits, declarations.text(content))
        found += shared.option_problems(self.options, content)
        slug, featured = content.options.get("slug", ""), posts.featured(content)
        if slug and not _SLUG.fullmatch(slug):
            found.append(Problem("slug_form", "error", words=BAD_SLUG))
        if featured is not None and content.media[featured].kind != "image":
            found.append(Problem("featured_no_picture", "error", words=NO_PICTURE))
        return found

    def preview(self, content: Content, limits: Limits) -> Preview:
        return shared.preview(content, limits, declarations.text(content))

    def connect(self, fields: Mapping[str, str]) -> Connected:
        username, password = (fields.get(name, "").strip() for name in ("username", "password"))
        return _connected(api.site(fields.get("site", "").strip()), username, password)

    def discover(self, destination: Destination) -> Connected:
        password = destination.credentials["password"]
        return _connected(destination.base_url, destination.traits["username"], password)

    def prepare(self, destination: Destination, content: Content, ticket: Ticket, now: datetime) -> Ticket:
        shared.refuse(self.check(content, destination.limits))
        with api.of(destination) as http:
            handles = {
                "uploads": [posts.upload(http, destination, media) for media in content.media],
                "categories": terms.categories(http, destination, _names(content, "categories")),
                "tags": terms.tags(http, destination, _names(content, "tags")),
            }
            body = posts.body(content, ticket, handles)
            return replace(ticket, handles=handles | {"post": posts.draft(http, destination, body)})

    def publish(self, destination: Destination, content: Content, ticket: Ticket) -> Receipt:
        shared.refuse(self.check(content, destination.limits))
        uploads = ticket.handles.get("uploads", ())
        if "post" not in ticket.handles or len(uploads) != len(content.media):
            raise not_prepared()
        # All of it once more: a person may have touched the draft.
        body = {**posts.body(content, ticket, ticket.handles), "status": "publish"}
        path = api.path(destination, f"/posts/{ticket.handles['post']}")
        try:
            with api.of(destination) as http:
                return http.publish(path, posts.published, json=body)
        except Rejected as error:
            if error.evidence.code != api.NO_POST:
                raise
            raise Stale("The draft is gone.", error.evidence) from None

    def find(
        self, destination: Destination, content: Content, ticket: Ticket, since: datetime
    ) -> Receipt | None:
        with api.of(destination) as http:
            listed = posts.named_so(http, destination, posts.slug(content, ticket))
        return next((posts.receipt(post) for post in listed if post["status"] == "publish"), None)

    def edit(self, destination: Destination, remote_id: str, content: Content) -> Receipt:
        post = f"/posts/{remote_id}"
        with api.of(destination) as http:
            kept = http.get(
                api.path(destination, post, context="edit"), lambda reply: str(reply.body["content"]["raw"])
            )
            said = {
                "title": content.options.get("title", ""),
                "excerpt": content.options.get("excerpt", ""),
                "content": markup.edited(declarations.text(content), kept),
            }
            return http.publish(api.path(destination, post), posts.published, json=said)

    def delete(self, destination: Destination, remote_id: str) -> None:
        try:
            with api.of(destination) as http:
                http.delete(api.path(destination, f"/posts/{remote_id}"), lambda _reply: None)
        except Rejected as error:
            if error.evidence.http_status not in _GONE:
                raise

    def comments(self, destination: Destination, remote_id: str) -> Sequence[Comment]:
        path = api.path(destination, "/comments", post=remote_id, per_page="100", order="desc")
        with api.of(destination) as http:
            return http.get(path, lambda reply: [posts.comment(told) for told in reply.body])

    def answer(self, destination: Destination, remote_id: str, comment_id: str, text: str) -> str:
        said = {"post": int(remote_id), "parent": int(comment_id), "content": text}
        with api.of(destination) as http:
            return http.publish(api.path(destination, "/comments"), lambda r: str(r.body["id"]), json=said)

    def measure(self, destination: Destination, remote_ids: Sequence[str]) -> Mapping[str, Metrics]:
        path = api.path(destination, "/posts", include=",".join(remote_ids), per_page="100", _fields="id")
        with api.of(destination) as http:
            living = http.get(path, lambda reply: [str(post["id"]) for post in reply.body])
            return {each: Metrics(replies=posts.count_comments(http, destination, each)) for each in living}

    def audience(self, destination: Destination) -> Audience:
        path = api.path(destination, "/posts", author=destination.remote_id, per_page="1", _fields="id")
        with api.of(destination) as http:
            return Audience(posts=http.get(path, api.total))


def _connected(base_url: str, username: str, password: str) -> Connected:
    with api.connection(base_url, username, password) as http:
        rest, index = api.root(http)
        person = http.get(api.under(rest, "/users/me", context="edit"), lambda reply: dict(reply.body))
    if not person["capabilities"].get("publish_posts"):
        raise Rejected(NO_RIGHT, Evidence(code="no_publish"))
    return Connected(
        base_url=base_url,
        remote_id=str(person["id"]),
        handle=str(person["username"]),
        name=str(index["name"] or person["name"]),
        avatar_url=str((person.get("avatar_urls") or {}).get("96", "")),
        profile_url=str(index.get("home") or base_url),
        limits=LIMITS,
        credentials={"password": password},
        traits={"username": username, "rest": rest},
    )


def _names(content: Content, option: str) -> list[str]:
    return terms.named(content.options.get(option, ""))
