"""Words that an adapter says to people, in every language of the house, so that a new platform brings its own."""

from __future__ import annotations

from typing import Any, Self


class Words(str):
    """English text that knows its Chinese forms; values are put in by ``%(name)s``."""

    zh_Hant: str
    zh_Hans: str

    def __new__(cls, en: str, zh_Hant: str, zh_Hans: str) -> Self:
        words = super().__new__(cls, en)
        words.zh_Hant, words.zh_Hans = zh_Hant, zh_Hans
        return words

    def said_in(self, locale: str, **values: Any) -> str:
        """The text in ``locale`` (en, zh_Hant or zh_Hans; another one reads English) with its values."""
        text = {"zh_Hant": self.zh_Hant, "zh_Hans": self.zh_Hans}.get(locale, str(self))
        return text % values if values else text


SERVER = Words("Server address", "伺服器位址", "服务器地址")
APP_ID = Words("App ID", "應用程式 ID", "应用 ID")
APP_SECRET = Words("App secret", "應用程式密鑰", "应用密钥")
ADVANCED_SERVER = Words(
    "Leave it, unless your network reaches the platform through an address of its own.",
    "保留原樣即可；只有你的網路要經由專用位址連到平台時才需更改。",
    "保留原样即可；只有你的网络要经由专用地址访问平台时才需更改。",
)
TITLE = Words("Title", "標題", "标题")
DESCRIPTION = Words("Description", "說明", "简介")
CATEGORY = Words("Category", "分類", "分类")
TAGS = Words("Tags", "標籤", "标签")
TAGS_HINT = Words("Divided by commas", "以逗號分隔", "用逗号分隔")
COVER = Words("Cover", "封面", "封面")
LINK = Words("Link", "連結", "链接")
VISIBILITY = Words("Visibility", "誰看得到", "谁可以看")
PUBLIC = Words("Public", "公開", "公开")
PRIVATE = Words("Only me", "僅自己", "仅自己")
FRIENDS = Words("Friends", "好友", "好友")
FIRST_COMMENT = Words("First comment", "首則留言", "首条评论")
YES = Words("Yes", "是", "是")
NO = Words("No", "否", "否")
