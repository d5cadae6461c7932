"""What WeChat says when it refuses, and what it leaves of a text."""

from __future__ import annotations

import html
import re

TROUBLE = {
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest",
    40002: "invalid grant_type",
    40005: "invalid file type",
    40007: "invalid media_id",
    40009: "invalid image size",
    40013: "invalid appid",
    40035: "invalid parameter",
    40059: "invalid message id",
    40066: "invalid url",
    40125: "invalid appsecret",
    40137: "invalid image format",
    40164: "invalid ip {ip} ipv6 ::ffff:{ip}, not in whitelist",
    41001: "access_token missing",
    41005: "media data missing",
    42001: "access_token expired",
    44003: "empty news data",
    45002: "content size out of limit",
    45003: "title size out of limit",
    45004: "description size out of limit",
    45005: "url size out of limit",
    45008: "article size out of limit",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit, must slower, retry next minute",
    45028: "has no masssend quota",
    45065: "clientmsgid exist",
    45066: "same clientmsgid retry too fast",
    45067: "clientmsgid size out of limit",
    45110: "author size out of limit",
    47001: "data format error",
    47009: "this api is offline, please use the new api",
    48001: "api unauthorized",
    53502: "invalid publish id",
    53600: "invalid article id",
    61501: "date range error",
    88000: "without comment privilege",
    88001: "msg_data is not exists",
    88003: "the comment is not exists",
    88005: "reply is exists",
    88007: "reply content length error",
    88010: "count range error. cout <= 0 or count > 50",
}
_ENDS = re.compile(r"<br[^>]*>|</(?:p|h[1-6]|section|div|li|blockquote)\s*>", re.IGNORECASE)


def shown(content: str) -> str:
    """The text that a reader sees of an article's HTML."""
    bare = html.unescape(re.sub(r"<[^<>]*>", "", _ENDS.sub("\n", content)))
    return bare.strip()


def cleaned(content: str, own: str) -> str:
    """Content as WeChat keeps it: no scripts, no classes, no pictures from elsewhere than ``own``, few links."""
    kept = re.sub(r"<(script|style)\b.*?</\1\s*>", "", content, flags=re.IGNORECASE | re.DOTALL)
    kept = re.sub(r"\s(?:on\w+|class|id)\s*=\s*(?:\"[^\"]*\"|'[^']*')", "", kept, flags=re.IGNORECASE)
    kept = re.sub(
        r"<img\b[^>]*>", lambda tag: tag[0] if f'src="{own}' in tag[0] else "", kept, flags=re.IGNORECASE
    )
    links = r'<a\b(?![^>]*href="https?://mp\.weixin\.qq\.com/)[^>]*>(.*?)</a\s*>'
    return re.sub(links, r"\1", kept, flags=re.IGNORECASE | re.DOTALL)


def pictures(content: str, own: str) -> list[str]:
    """The ids of the pictures in an article, in their order."""
    return re.findall(rf'<img\b[^>]*src="{re.escape(own)}(\w+)/', content)
