"""Subjects in addresses: encrypted, so that neither an address nor a server's log names anybody.

AES-SIV (RFC 5297) gives the same token for the same subject and refuses one that was tampered with.
"""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from functools import cache
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from django.conf import settings

_SEPARATOR = "\x1f"


class Subject(NamedTuple):
    """Kind and identifier of a subject."""

    kind: str
    subject_id: str


def token_of(kind: str, subject_id: str) -> str:
    """The token that stands for a subject."""
    sealed = _cipher(settings.SECRET_KEY).encrypt(f"{kind}{_SEPARATOR}{subject_id}".encode(), None)
    return urlsafe_b64encode(sealed).decode().rstrip("=")


def subject_of(token: str) -> Subject | None:
    """The subject that a token stands for; None where nobody made it."""
    try:
        sealed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        opened = _cipher(settings.SECRET_KEY).decrypt(sealed, None).decode()
    except (NotBase64, InvalidTag, ValueError):
        return None
    return Subject(*opened.split(_SEPARATOR))


def salt() -> str:
    """Of pseudonyms: whoever does not know the secret cannot try out identifiers."""
    return hashlib.blake2b(settings.SECRET_KEY.encode(), person=b"pseudonyms").hexdigest()


@cache
def _cipher(secret: str) -> AESSIV:
    return AESSIV(hashlib.blake2b(secret.encode(), digest_size=64, person=b"addresses").digest())
