"""Encryption at rest: what is secret in the database is readable only with the secret keys."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

PURPOSE = b"almanac channel credentials v1"


class Sealed(Exception):
    """None of the secret keys opens this; the key it was sealed with is missing from ALMANAC_SECRET_KEY."""


class Vault:
    """Seals with the first of ``secrets`` and opens with any of them, so that keys can rotate."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(_derive(secret)) for secret in secrets])

    def seal(self, values: Mapping[str, str]) -> bytes:
        """``values`` as an authenticated ciphertext."""
        return self._fernet.encrypt(json.dumps(dict(values)).encode())

    def open(self, sealed: bytes) -> dict[str, str]:
        """The values again; raises ``Sealed`` where no key fits."""
        try:
            opened: dict[str, str] = json.loads(self._fernet.decrypt(sealed))
        except InvalidToken as error:
            raise Sealed("no secret key opens these credentials") from error
        return opened

    def reseal(self, sealed: bytes) -> bytes:
        """The same values under the first key; raises ``Sealed`` where no key fits."""
        try:
            return self._fernet.rotate(sealed)
        except InvalidToken as error:
            raise Sealed("no secret key opens these credentials") from error


def _derive(secret: str) -> bytes:
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(secret.encode())
    return base64.urlsafe_b64encode(key)
