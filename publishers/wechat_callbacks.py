"""What WeChat tells us by calling: that a publishing job or a broadcast is done (WeChat docs, 事件推送)."""

from __future__ import annotations

from collections.abc import Mapping
from xml.parsers import expat

from publishers import wechat_crypto
from publishers.errors import Evidence, Unauthorized
from publishers.values import Heard, Knock

LARGEST = 256 * 1024
SUCCESS = b"success"
_HANDLES = {"PUBLISHJOBFINISH": "publish_id", "MASSSENDJOBFINISH": "MsgID"}


def heard(credentials: Mapping[str, str], knock: Knock) -> Heard:
    """Answer a call: the echo that proves whose address this is, or an event. Raises ``Unauthorized`` for what does
    not come from WeChat, or not in its form."""
    token = credentials.get("token", "")
    if not token:
        raise Unauthorized("This channel has no callback token.", Evidence(code="no_token"))
    query = {name: knock.query.get(name, "") for name in ("timestamp", "nonce", "signature", "echostr")}
    stamp = (token, query["timestamp"], query["nonce"])
    wechat_crypto.verify(query["signature"], *stamp)
    if knock.method == "GET":
        return Heard(body=query["echostr"].encode())
    told = fields(_message(credentials, knock, stamp))
    name = _HANDLES.get(told.get("Event", ""))
    about = told.get(name, "") if name else ""
    return Heard(body=SUCCESS, about=(about,) if about else ())


def fields(message: bytes) -> dict[str, str]:
    """The leaves of an XML message by name, the first of each; raises ``Unauthorized`` for anything that is no plain
    XML: a document type could make it grow without bound."""
    if len(message) > LARGEST:
        raise Unauthorized("This message is too large.", Evidence(code="too_large"))
    leaves = _Leaves()
    try:
        leaves.read(message)
    except (expat.ExpatError, ValueError):
        raise Unauthorized("This message is no plain XML.", Evidence(code="no_xml")) from None
    return leaves.found


class _Leaves:
    def __init__(self) -> None:
        self.found: dict[str, str] = {}
        self._text: list[str] | None = None
        self._parser = expat.ParserCreate()
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.EntityDeclHandler = self._refuse
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._said

    def read(self, message: bytes) -> None:
        self._parser.Parse(message, True)

    def _refuse(self, *_: object) -> None:
        raise ValueError("a message has no document type")

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._text = []

    def _said(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def _end(self, name: str) -> None:
        if self._text is not None:
            self.found.setdefault(name, "".join(self._text).strip())
        self._text = None


def _message(credentials: Mapping[str, str], knock: Knock, stamp: tuple[str, str, str]) -> bytes:
    """The message itself. Where a key is set only sealed ones count: nothing else is signed as a whole."""
    key = credentials.get("aes_key", "")
    if not key:
        return knock.body
    sealed = fields(knock.body).get("Encrypt", "")
    wechat_crypto.verify(knock.query.get("msg_signature", ""), *stamp, sealed)
    return wechat_crypto.opened(sealed, key, credentials["app_id"])
