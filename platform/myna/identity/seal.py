"""Seals what must be stored but not read: encrypted and authenticated with a key derived from the server's own."""

import base64
import hashlib
import hmac
import secrets

from cryptography.fernet import Fernet, InvalidToken

from myna.errors import MynaError


class Seal:
    """Opens only what was sealed for the same purpose with the same server key."""

    def __init__(self, key: bytes, purpose: str) -> None:
        derived = hmac.digest(key, purpose.encode(), hashlib.sha256)
        self._fernet = Fernet(base64.urlsafe_b64encode(derived))

    def close(self, text: str) -> str:
        """The sealed text."""
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """The text.

        Raises:
            MynaError: it was sealed with another key.
        """
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken as wrong:
            raise MynaError(
                "This was sealed with another key; enter the secret again.", code="sealed"
            ) from wrong


def new_secret() -> str:
    """A secret of 256 random bits for addresses and headers."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is stored of a random secret."""
    return hashlib.sha256(secret.encode()).hexdigest()
