"""The few words on the pages, in the three languages of their readers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from werkzeug.datastructures import LanguageAccept

Say = Callable[..., str]

WORDS: dict[str, tuple[str, str, str]] = {
    "notice": (
        "Local simulator. Nothing here leaves this machine.",
        "本機模擬站台，內容不會離開這台電腦。",
        "本机模拟站点，内容不会离开这台电脑。",
    ),
    "empty": (
        "No posts yet. What is published to this server appears here by itself.",
        "還沒有貼文。發佈到這個站台的內容會自動出現在這裡。",
        "还没有帖子。发布到这个站点的内容会自动出现在这里。",
    ),
    "missing": (
        "This page does not exist, or the post was deleted.",
        "這個頁面不存在，或貼文已刪除。",
        "这个页面不存在，或帖子已删除。",
    ),
    "older": ("Older posts", "較早的貼文", "较早的帖子"),
    "all": ("All posts", "所有貼文", "所有帖子"),
    "replying": ("Replying to a post", "回覆一則貼文", "回复一条帖子"),
    "edited": ("edited", "已編輯", "已编辑"),
    "alt": ("Alt text", "替代文字", "替代文本"),
    "followers": ("followers", "位追蹤者", "位关注者"),
    "posts": ("posts", "則貼文", "条帖子"),
    "reply": ("reply", "則回覆", "条回复"),
    "replies": ("replies", "則回覆", "条回复"),
    "repost": ("repost", "次轉發", "次转发"),
    "reposts": ("reposts", "次轉發", "次转发"),
    "like": ("like", "個讚", "个赞"),
    "likes": ("likes", "個讚", "个赞"),
    "quote": ("quote", "次引用", "次引用"),
    "quotes": ("quotes", "次引用", "次引用"),
    "asks": ("{} would like to use your account", "{} 想使用你的帳號", "{} 想使用你的账号"),
    "able": ("It will be able to:", "它將可以：", "它将可以："),
    "account": ("Account", "帳號", "账号"),
    "new": ("New account", "新帳號", "新账号"),
    "or new": ("Or a new account", "或使用新帳號", "或使用新账号"),
    "name": ("name", "名稱", "名称"),
    "authorize": ("Authorize", "授權", "授权"),
    "deny": ("Deny", "拒絕", "拒绝"),
    "code": ("Authorization code", "授權碼", "授权码"),
    "copy": (
        "Copy this code into the application.",
        "請將此授權碼複製到應用程式。",
        "请将此授权码复制到应用程序。",
    ),
    "keys": ("Keys for connecting", "連接用的金鑰", "连接用的密钥"),
    "keys_for": (
        "What the real platform's developer pages would give you. Type it into Almanac's connect form.",
        "真實平台的開發者頁面會提供的內容。請填入 Almanac 的連接表單。",
        "真实平台的开发者页面会提供的内容。请填入 Almanac 的连接表单。",
    ),
    "now": ("now", "剛剛", "刚刚"),
    "s": ("{} s", "{} 秒", "{} 秒"),
    "min": ("{} min", "{} 分鐘", "{} 分钟"),
    "h": ("{} h", "{} 小時", "{} 小时"),
    "d": ("{} d", "{} 天", "{} 天"),
}
TRADITIONAL = ("tw", "hk", "mo", "hant")


def language_of(accepted: LanguageAccept) -> str:
    """``en``, ``zh-Hant`` or ``zh-Hans``, after the first language that a browser asks for."""
    wanted = (accepted.best or "en").lower().replace("_", "-")
    if not wanted.startswith("zh"):
        return "en"
    return "zh-Hant" if any(part in TRADITIONAL for part in wanted.split("-")) else "zh-Hans"


def speaker(language: str) -> Say:
    """Looks a word up and fills its gap."""
    column = ("en", "zh-Hant", "zh-Hans").index(language)

    def say(key: str, *fills: object) -> str:
        return WORDS[key][column].format(*fills)

    return say


def day(instant: float, language: str) -> str:
    """``3 Nov 2026`` or ``2026年11月3日``."""
    moment = datetime.fromtimestamp(instant, UTC)
    if language == "en":
        return f"{moment.day} {moment:%b %Y}"
    return f"{moment.year}年{moment.month}月{moment.day}日"


def age(seconds: float) -> tuple[str, int] | None:
    """The unit and number for a short age; None from a week on."""
    if seconds >= 7 * 86_400:
        return None
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min"), (10, "s")):
        if seconds >= size:
            return unit, int(seconds // (1 if unit == "s" else size))
    return "now", 0
