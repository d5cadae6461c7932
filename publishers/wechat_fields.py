"""What a WeChat account is asked for: the connect form, the composer's fields, and what an account takes."""

from __future__ import annotations

from datetime import timedelta

from publishers import oauth
from publishers.base import Field, Option
from publishers.values import Limits, MediaLimits, Pace, Quota
from publishers.wechat_article import PICTURES
from publishers.wechat_errors import SERVICE, ZONE
from publishers.words import APP_ID, APP_SECRET, COVER, TITLE, Words

HOME = "https://api.weixin.qq.com"
PUBLISH, MASS, DRAFT = "publish", "mass", "draft"
SUBSCRIPTION = "subscription"

# An article's text is counted as its HTML, a picture post's (``max_caption``) as it is written.
LIMITS = Limits(
    max_text=19_999,
    max_caption=1000,
    counter="codepoints",
    image=MediaLimits(("image/jpeg", "image/png"), 50, max_bytes=1_000_000),
    video=MediaLimits(("video/mp4",), 0),
    needs_media=True,
)
MOST_PICTURES = 20
PACE = Pace(timedelta(seconds=2), (Quota(100, "day", ZONE),))
BROADCASTS = {
    SUBSCRIPTION: Pace(quotas=(Quota(1, "day", ZONE),)),
    SERVICE: Pace(quotas=(Quota(4, "month", ZONE),)),
}

CONNECT = (
    Field("app_id", "text", APP_ID, Words("Such as wx0123456789abcdef", "形如 wx0123…", "形如 wx0123…")),
    Field("secret", "password", APP_SECRET),
    Field(
        "name",
        "text",
        Words("Name of the account", "公眾號名稱", "公众号名称"),
        Words(
            "How Almanac is to call it; WeChat does not tell.",
            "在 Almanac 中顯示的名稱；微信不會提供。",
            "在 Almanac 中显示的名称；微信不会提供。",
        ),
        required=False,
    ),
    Field(
        "mode",
        "choice",
        Words("How posts go out", "發佈方式", "发布方式"),
        Words(
            "Published articles appear on the account's page and notify nobody; a broadcast reaches every follower.",
            "「發佈」的文章只出現在公眾號主頁，不推送；「群發」會推送給所有粉絲，並佔用次數。",
            "“发布”的文章只出现在公众号主页，不推送；“群发”会推送给全部粉丝，并占用次数。",
        ),
        default=PUBLISH,
        choices=(
            (PUBLISH, Words("Publish", "發佈", "发布")),
            (MASS, Words("Broadcast", "群發", "群发")),
            (DRAFT, Words("Draft only", "僅存草稿", "仅存草稿")),
        ),
    ),
    Field(
        "account",
        "choice",
        Words("Kind of account", "帳號類型", "账号类型"),
        Words(
            "A subscription account may broadcast once a day, a service account four times a month.",
            "訂閱號每天可群發一次，服務號每月四次。",
            "订阅号每天可群发一次，服务号每月四次。",
        ),
        default=SUBSCRIPTION,
        choices=(
            (SUBSCRIPTION, Words("Subscription account", "訂閱號", "订阅号")),
            (SERVICE, Words("Service account", "服務號", "服务号")),
        ),
    ),
    Field(
        "token",
        "password",
        Words("Callback token", "訊息推送令牌（Token）", "消息推送令牌（Token）"),
        Words("Only if WeChat is to call Almanac", "需要微信主動通知 Almanac 時才填", "需要微信主动通知 Almanac 时才填"),
        required=False,
    ),
    Field(
        "aes_key",
        "password",
        Words("EncodingAESKey", "訊息加解密密鑰（EncodingAESKey）", "消息加解密密钥（EncodingAESKey）"),
        Words("43 letters, for the secure mode", "43 個字元，安全模式才填", "43 位字符，安全模式才填"),
        required=False,
    ),
    oauth.server_field(HOME),
)  # fmt: skip

OPTIONS = (
    Option(
        "kind",
        Words("Kind of post", "內容類型", "内容类型"),
        (
            ("news", Words("Article", "圖文消息", "图文消息")),
            (PICTURES, Words("Picture post", "圖片消息", "图片消息")),
        ),
        default="news",
    ),
    Option("title", TITLE, max_length=32, required=True),
    Option("author", Words("Author", "作者", "作者"), max_length=16),
    Option(
        "digest",
        Words("Digest", "摘要", "摘要"),
        max_length=120,
        kind="long",
        hint=Words("Left empty: the first 54 characters", "留空則取正文前 54 字", "留空则取正文前 54 字"),
    ),
    Option(
        "cover",
        COVER,
        kind="file",
        hint=Words("Left empty: the first picture", "留空則用第一張圖片", "留空则用第一张图片"),
    ),
    Option("source", Words("“Read more” link", "「閱讀原文」連結", "“阅读原文”链接"), max_length=1024, kind="link"),
    Option(
        "comments",
        Words("Comments", "留言", "留言"),
        (
            ("", Words("Closed", "關閉", "关闭")),
            ("all", Words("From everybody", "所有人可留言", "所有人可留言")),
            ("fans", Words("From followers", "僅粉絲可留言", "仅粉丝可留言")),
        ),
    ),
    Option(
        "tag",
        Words("Follower tag", "粉絲標籤", "粉丝标签"),
        kind="number",
        hint=Words(
            "Its number; only for broadcasts. Left empty: all followers",
            "標籤編號，僅用於群發；留空則發給所有粉絲",
            "标签编号，仅用于群发；留空则发给全部粉丝",
        ),
    ),
)  # fmt: skip
