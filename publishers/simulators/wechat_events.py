"""The calls that a simulated WeChat makes to an account's own server: signed, and sealed where a key is set."""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
import urllib.request
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from publishers.simulators.social_state import Account, Post

if TYPE_CHECKING:
    from publishers.simulators.wechat import Wechat

SECONDS, TRIES = 5.0, 3
BROADCAST_FAILED = "err(20008)"


class Events:
    """Pushes what happened; an answer other than ``success`` is asked for again, three times in all."""

    def __init__(self, sim: Wechat) -> None:
        self._sim = sim

    def verify(self, account: Account) -> bool:
        """What the console does when an address is typed in: whether the server there echoes."""
        echo = secrets.token_hex(8)
        query = {**self._signed(account.extra["callback"]), "echostr": echo}
        with (
            suppress(OSError),
            urllib.request.urlopen(self._address(account, query), timeout=SECONDS) as reply,
        ):
            return bool(reply.read() == echo.encode())
        return False

    def finished(self, post: Post) -> None:
        """Tell that a job is done, without making anybody wait for it."""
        account = self._sim.state.accounts[post.account_id]
        if account.extra.get("callback"):
            message = self.message(account, post)
            threading.Thread(target=self.push, args=(account, message), daemon=True).start()

    def message(self, account: Account, post: Post) -> str:
        """The event of a job that is done."""
        is_mass = "msg_id" in post.extra
        told = self._mass(post) if is_mass else self._job(post)
        kind = "MASSSENDJOBFINISH" if is_mass else "PUBLISHJOBFINISH"
        return (
            f"<xml><ToUserName><![CDATA[gh_{account.id}]]></ToUserName><FromUserName><![CDATA[oUser]]></FromUserName>"
            f"<CreateTime>{int(self._sim.clock.now())}</CreateTime><MsgType><![CDATA[event]]></MsgType>"
            f"<Event><![CDATA[{kind}]]></Event>{told}</xml>"
        )

    def push(self, account: Account, message: str) -> None:
        """Post a message until it is answered by ``success``."""
        for _ in range(TRIES):
            with suppress(OSError):
                request = self.request(account, message)
                with urllib.request.urlopen(request, timeout=SECONDS) as reply:
                    if reply.read() == b"success":
                        return

    def request(self, account: Account, message: str) -> urllib.request.Request:
        """The call that carries a message."""
        hook = account.extra["callback"]
        query, body = self._signed(hook), message
        if hook.get("aes_key"):
            sealed = _sealed(message, hook["aes_key"], account.extra["app_id"])
            parts = (hook["token"], query["timestamp"], query["nonce"], sealed)
            query |= {"encrypt_type": "aes", "msg_signature": _signature(*parts)}
            receiver = f"<ToUserName><![CDATA[gh_{account.id}]]></ToUserName>"
            body = f"<xml>{receiver}<Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
        headers = {"Content-Type": "text/xml"}
        return urllib.request.Request(self._address(account, query), body.encode(), headers)

    def _job(self, post: Post) -> str:
        status = self._sim.jobs.status(post)
        told = f"<publish_id>{post.extra['publish_id']}</publish_id><publish_status>{status}</publish_status>"
        if status == 0:
            url = self._sim.address(post).replace("&", "&amp;")
            item = f"<count>1</count><item><idx>1</idx><article_url>{url}</article_url></item>"
            told += f"<article_id><![CDATA[{post.extra['article_id']}]]></article_id>"
            told += f"<article_detail>{item}</article_detail>"
        return f"<PublishEventInfo>{told}</PublishEventInfo>"

    def _mass(self, post: Post) -> str:
        status = BROADCAST_FAILED if post.state == "refused" else "send success"
        url = self._sim.address(post).replace("&", "&amp;")
        return (
            f"<MsgID>{post.extra['msg_id']}</MsgID><Status><![CDATA[{status}]]></Status><TotalCount>100</TotalCount>"
            "<FilterCount>80</FilterCount><SentCount>75</SentCount><ErrorCount>5</ErrorCount><ArticleUrlResult><Count>1"
            f"</Count><ResultList><item><ArticleIdx>1</ArticleIdx><ArticleUrl>{url}</ArticleUrl></item></ResultList>"
            "</ArticleUrlResult>"
        )

    def _signed(self, hook: dict[str, Any]) -> dict[str, str]:
        timestamp, nonce = str(int(self._sim.clock.now())), str(secrets.randbelow(10**9))
        signature = _signature(hook["token"], timestamp, nonce)
        return {"signature": signature, "timestamp": timestamp, "nonce": nonce, "openid": "oUser"}

    def _address(self, account: Account, query: dict[str, str]) -> str:
        url = account.extra["callback"]["url"]
        return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"


def _signature(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


def _sealed(message: str, encoding_key: str, app_id: str) -> str:
    key, said = base64.b64decode(encoding_key + "="), message.encode()
    plain = secrets.token_bytes(16) + len(said).to_bytes(4, "big") + said + app_id.encode()
    padder = padding.PKCS7(256).padder()
    padded = padder.update(plain) + padder.finalize()
    cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(cipher.update(padded) + cipher.finalize()).decode()
