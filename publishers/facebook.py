"""A Facebook Page (Meta docs, graph-api/reference/page-post, page/feed, page/photos and insights).

Photos are uploaded unseen ahead of time and attached to the post: one visible call, whatever it carries.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from publishers import declarations, facebook_video, meta, oauth
from publishers import facebook_entities as entities
from publishers import limits as shared
from publishers.base import Authorization, Field, Option, Publisher
from publishers.errors import Rejected, Stale, not_prepared
from publishers.follows import COMMENT
from publishers.http import address, opened
from publishers.meta import Graph
from publishers.values import (
    Accepted,
    Audience,
    Comment,
    Connected,
    Content,
    Destination,
    Limits,
    Media,
    MediaLimits,
    Metrics,
    Preview,
    Problem,
    Receipt,
    Ticket,
)
from publishers.words import LINK, TITLE, Words

HOME = "https://graph.facebook.com"
HOSTS = oauth.Hosts(HOME, {"www": "https://www.facebook.com", "video": "https://graph-video.facebook.com"})
VERSION = "v25.0"
SCOPE = (
    "pages_show_list,pages_manage_posts,pages_read_engagement,pages_manage_engagement,pages_read_user_content,"
    "read_insights"
)
LIMITS = Limits(
    max_text=63_206,
    max_comment=8000,
    counter="codepoints",
    image=MediaLimits(
        ("image/jpeg", "image/png", "image/gif", "image/bmp", "image/tiff"), 10, max_bytes=10 * 2**20
    ),
    video=MediaLimits(("video/mp4", "video/quicktime"), 1, max_bytes=10 * 2**30, max_seconds=4 * 3600),
)
HANDLES_LIVE = timedelta(hours=23)  # unseen photos serve for a day: Meta docs, page/photos, "temporary"
LINK_OR_FILES = Words(
    "A post with files shows no link of its own: put it into the text.",
    "附有檔案的貼文不會顯示連結卡片，請把連結寫在內文裡。",
    "带文件的帖子不会显示链接卡片，请把链接写进正文。",
)
TITLE_WITHOUT_VIDEO = Words("Only a video has a title.", "只有影片才有標題。", "只有视频才有标题。")


class Facebook(Publisher):
    """One Page. Its token never expires; a changed password or a lost role ends it."""

    name = "facebook"
    label = Words("Facebook Page", "Facebook 粉絲專頁", "Facebook 公共主页")
    mark = "f"
    home = HOME
    uses_oauth = True
    follows = "comment"
    app_fields = oauth.APP_FIELDS
    connect_fields = (
        Field(
            "page",
            "text",
            Words("Page", "粉絲專頁", "公共主页"),
            Words(
                "Its name or ID, if your login manages several", "登入帳號管理多個專頁時，填要連結的名稱或 ID",
                "登录账号管理多个主页时，填要连接的名称或 ID",
            ),
            required=False,
        ),
        meta.version_field(VERSION),
        oauth.server_field(HOME),
    )  # fmt: skip
    options = (
        Option("link", LINK, kind="link", max_length=2000),
        Option("title", TITLE, max_length=255, hint=Words("For a video", "影片用", "视频用")),
        COMMENT,
    )
    metrics = frozenset({"likes", "replies", "reposts", "views", "reach", "clicks"})
    metrics_batch = 50
    finds_alike = True
    default_limits = LIMITS

    def check(self, content: Content, limits: Limits) -> list[Problem]:
        found = shared.problems(content, limits, declarations.text(content))
        found += shared.option_problems(self.options, content)
        if content.options.get("link") and content.media:
            found.append(Problem("facebook_link_or_files", "error", words=LINK_OR_FILES))
        if content.options.get("title") and not _video_of(content):
            found.append(Problem("facebook_title_without_video", "warning", words=TITLE_WITHOUT_VIDEO))
        return found

    def preview(self, content: Content, limits: Limits) -> Preview:
        return shared.preview(content, limits, declarations.text(content))

    def authorize(
        self, fields: Mapping[str, str], redirect_uri: str, state: str, app: Mapping[str, str] | None
    ) -> Authorization:
        base_url = address(fields.get("server") or HOME)
        version = meta.version_of(fields, VERSION)
        start = oauth.start(
            base_url, f"{HOSTS.at(base_url, 'www')}/{version}/dialog/oauth", oauth.app_of(fields, app),
            redirect_uri=redirect_uri, scope=SCOPE, state=state, pkce=False,
        )  # fmt: skip
        return replace(
            start, memory={**start.memory, "version": version, "page": fields.get("page", "").strip()}
        )

    def exchange(self, memory: Mapping[str, str], code: str, redirect_uri: str) -> Connected:
        version = meta.version_of(memory, VERSION)
        app = {name: memory[name] for name in ("client_id", "client_secret")}
        path = f"/{version}/oauth/access_token"
        base_url = memory["base_url"]
        short = meta.token_answer(base_url, path, app, **app, redirect_uri=redirect_uri, code=code)
        asked = {"grant_type": "fb_exchange_token", "fb_exchange_token": short["access_token"]}
        lasting = {
            **app,
            "access_token": meta.token_answer(base_url, path, app, **app, **asked)["access_token"],
        }
        graph = Graph(base_url, version, lasting, proves=True)
        page = entities.chosen(
            graph.get("/me/accounts", entities.pages, fields=entities.PAGE, limit="100"), memory
        )
        kept = oauth.credentials(page, app)
        return _connected(base_url, version, kept, page)

    def discover(self, destination: Destination) -> Connected:
        version = meta.version_of(destination.traits, VERSION)
        graph = Graph(destination.base_url, version, destination.credentials, proves=True)
        page = graph.get("/me", lambda reply: dict(reply.body), fields=entities.PROFILE)
        return _connected(destination.base_url, version, destination.credentials, page)

    def prepare(self, destination: Destination, content: Content, ticket: Ticket, now: datetime) -> Ticket:
        shared.refuse(self.check(content, destination.limits))
        if not content.media:
            return ticket
        page, video = destination.remote_id, _video_of(content)
        if video:
            handles: dict[str, Any] = facebook_video.uploaded(_graph(destination, "video"), page, video)
        else:
            graph = _graph(destination)
            handles = {"photos": [_photo(graph, page, media) for media in content.media]}
        return replace(ticket, handles=handles, expires_at=now + HANDLES_LIVE)

    def publish(self, destination: Destination, content: Content, ticket: Ticket) -> Receipt | Accepted:
        shared.refuse(self.check(content, destination.limits))
        if not _is_prepared(content, ticket):
            raise not_prepared()
        try:
            if _video_of(content):
                graph = _graph(destination, "video")
                return facebook_video.shown(
                    graph, destination.remote_id, ticket.handles, _video_form(content)
                )
            form = _form(content, ticket.handles.get("photos", ()))
            post = _graph(destination).publish(f"/{destination.remote_id}/feed", meta.id_of, **form)
        except Rejected as error:
            if content.media and meta.is_gone(error):
                raise Stale(error.message, error.evidence) from None
            raise
        return _receipt(destination, post)

    def confirm(self, destination: Destination, handle: Mapping[str, object]) -> Receipt | Accepted:
        post = facebook_video.post_of(_graph(destination), destination.remote_id, str(handle["video"]))
        return _receipt(destination, post) if post else Accepted(handle)

    def find(
        self, destination: Destination, content: Content, ticket: Ticket, since: datetime
    ) -> Receipt | None:
        graph, page = _graph(destination), destination.remote_id
        if "video" in ticket.handles:
            post = facebook_video.lost_post(graph, page, str(ticket.handles["video"]))
        else:
            posts = meta.listed(
                graph, f"/{page}/published_posts", entities.POST, text="message", at="created_time",
                since=since - meta.CLOCK_SKEW,
            )  # fmt: skip
            photos = [str(photo) for photo in ticket.handles.get("photos", ())]
            post = entities.found(posts, photos, declarations.text(content), ticket.others)
        return _receipt(destination, post) if post else None

    def edit(self, destination: Destination, remote_id: str, content: Content) -> Receipt:
        form = {"message": declarations.text(content)}
        _graph(destination).publish(f"/{remote_id}", lambda reply: reply.body["success"], **form)
        return _receipt(destination, remote_id)

    def delete(self, destination: Destination, remote_id: str) -> None:
        _graph(destination).delete(f"/{remote_id}")

    def comments(self, destination: Destination, remote_id: str) -> Sequence[Comment]:
        asked = {"filter": "stream", "order": "reverse_chronological", "limit": "100"}
        graph = _graph(destination)
        return graph.get(f"/{remote_id}/comments", entities.comments, fields=entities.COMMENT, **asked)

    def answer(self, destination: Destination, remote_id: str, comment_id: str, text: str) -> str:
        return _graph(destination).publish(f"/{comment_id}/comments", meta.id_of, message=text)

    def follow(self, destination: Destination, remote_id: str, text: str, key: str) -> Receipt:
        made = self.answer(destination, remote_id, remote_id, text)
        post = _receipt(destination, remote_id).url
        return Receipt(made, f"{post}?comment_id={made.rpartition('_')[2]}")

    def measure(self, destination: Destination, remote_ids: Sequence[str]) -> Mapping[str, Metrics]:
        return entities.numbers(_graph(destination), list(remote_ids))

    def audience(self, destination: Destination) -> Audience:
        return _graph(destination).get("/me", entities.audience, fields=entities.FOLLOWERS)


def _graph(destination: Destination, host: str = "") -> Graph:
    base_url = HOSTS.at(destination.base_url, host) if host else destination.base_url
    version = meta.version_of(destination.traits, VERSION)
    return Graph(base_url, version, destination.credentials, proves=True)


def _connected(
    base_url: str, version: str, credentials: Mapping[str, str], page: Mapping[str, Any]
) -> Connected:
    handle = str(page.get("username") or page["name"])
    return Connected(
        base_url=base_url,
        remote_id=str(page["id"]),
        handle=handle,
        name=str(page["name"]),
        avatar_url=str(page.get("picture", {}).get("data", {}).get("url", "")),
        profile_url=f"{HOSTS.at(base_url, 'www')}/{page['id']}",
        limits=LIMITS,
        credentials=dict(credentials),
        traits={"version": version},
    )


def _photo(graph: Graph, page: str, media: Media) -> str:
    form = {"published": "false"} | ({"alt_text_custom": media.alt} if media.alt else {})
    with opened(media) as stream:
        files = {"source": (media.path.name, stream, media.mime)}
        return graph.upload(f"/{page}/photos", meta.id_of, files, **form)


def _is_prepared(content: Content, ticket: Ticket) -> bool:
    if _video_of(content):
        return {"video", "session"} <= set(ticket.handles)
    return len(ticket.handles.get("photos", ())) == len(content.media)


def _form(content: Content, photos: Sequence[str]) -> dict[str, str]:
    form = {"message": declarations.text(content), "link": content.options.get("link", "")}
    form |= {f"attached_media[{n}]": json.dumps({"media_fbid": str(id)}) for n, id in enumerate(photos)}
    return {name: value for name, value in form.items() if value}


def _video_form(content: Content) -> dict[str, str]:
    form = {"description": declarations.text(content), "title": content.options.get("title", "")}
    return {name: value for name, value in form.items() if value}


def _video_of(content: Content) -> Media | None:
    return next((media for media in content.media if media.kind == "video"), None)


def _receipt(destination: Destination, post: str) -> Receipt:
    return Receipt(post, f"{HOSTS.at(destination.base_url, 'www')}/{post}")
