"""How WeChat signs what it sends to us, and how it seals it (WeChat docs, 消息加解密说明)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from publishers.errors import Evidence, Unauthorized

KEY_LENGTH = 43  # of an EncodingAESKey: 32 bytes in base64 without its padding
_BLOCK = 32
_NOISE = 16


def signature(*parts: str) -> str:
    """The SHA-1 of the sorted parts, in hex."""
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def verify(said: str, *parts: str) -> None:
    """Raise ``Unauthorized`` unless ``said`` is the signature of these parts."""
    if not hmac.compare_digest(said.encode(), signature(*parts).encode()):
        raise _not_theirs("bad_signature")


def key_of(encoding_key: str) -> bytes:
    """The key that an EncodingAESKey stands for; raises ValueError where it is none."""
    if len(encoding_key) != KEY_LENGTH:
        raise ValueError("an EncodingAESKey has 43 letters")
    return base64.b64decode(encoding_key + "=")


def opened(sealed: str, encoding_key: str, app_id: str) -> bytes:
    """What was sealed for the account ``app_id``; raises ``Unauthorized`` where it was not, or not by this key."""
    try:
        key, data = key_of(encoding_key), base64.b64decode(sealed, validate=True)
        cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
        plain = _without_padding(cipher.update(data) + cipher.finalize())
        length = int.from_bytes(plain[_NOISE : _NOISE + 4], "big")
        start = _NOISE + 4
        message, receiver = plain[start : start + length], plain[start + length :]
    except (ValueError, binascii.Error):
        raise _not_theirs("cannot_open") from None
    if len(message) != length or not hmac.compare_digest(receiver, app_id.encode()):
        raise _not_theirs("other_account")
    return message


def _without_padding(data: bytes) -> bytes:
    count = data[-1] if data else 0
    if not 1 <= count <= _BLOCK or data[-count:] != bytes([count]) * count:
        raise ValueError("bad padding")
    return data[:-count]


def _not_theirs(code: str) -> Unauthorized:
    return Unauthorized("This call was not made by WeChat for this account.", Evidence(code=code))
