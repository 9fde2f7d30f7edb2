"""Addresses of cameras, without the secrets in them."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["redact", "scheme_of"]

_CREDENTIALS: Final = re.compile(r"(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]*://)(?P<secret>[^\s/]*)@")
_SCHEME: Final = re.compile(r"^([a-zA-Z][a-zA-Z0-9+.-]+)://")


def redact(text: str) -> str:
    """Return the text with user and password of every address in it replaced by ``***``."""
    return _CREDENTIALS.sub(r"\g<scheme>***@", text)


def scheme_of(spec: str) -> str | None:
    """Return the scheme of an address in lower case, or None for anything that is no address."""
    found = _SCHEME.match(spec)
    return found.group(1).lower() if found else None
