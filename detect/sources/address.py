"""Addresses of sources: which kinds are allowed, and how one is written down without its credentials."""

from __future__ import annotations

import os
import re
from typing import Final

from scenarios.errors import SourceError

__all__ = ["STREAM_SCHEMES", "expand", "redact", "scheme"]

STREAM_SCHEMES: Final = ("rtsp", "rtsps")
"""Everything else that looks like a URL is refused: a source is never a way into another protocol."""

_HIDDEN: Final = "***"
_USER_INFO: Final = re.compile(r"(?i)\b([a-z][a-z0-9+.\-]*://)[^\s'\"<>]*@")
_HIDDEN_KEYS: Final = r"user(?:name)?|usr|login|pass(?:wo?r?d)?|pwd|psw|token|key|api_?key|secret|auth|sig(?:nature)?"
_SECRET_VALUE: Final = re.compile(rf"(?i)(?<![a-z])({_HIDDEN_KEYS})=[^&;/\s'\"<>]*")
_REFERENCE: Final = re.compile(r"\$\{([^}]*)\}")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_URL: Final = re.compile(r"(?i)([a-z][a-z0-9+.\-]*)://")


def scheme(spec: str) -> str | None:
    """Return the scheme of a URL in lower case, or None for a path."""
    found = _URL.match(spec.strip())
    return found.group(1).lower() if found else None


def redact(text: str) -> str:
    """Return the text without the credentials of any URL in it.

    Everything between ``://`` and the last ``@`` before a blank goes, and so do the values of keys such as
    ``password=`` that some cameras expect in the path. Too much is hidden rather than too little.
    """
    return _SECRET_VALUE.sub(rf"\1={_HIDDEN}", _USER_INFO.sub(rf"\1{_HIDDEN}@", text))


def expand(spec: str) -> str:
    """Put environment variables, written ``${NAME}``, into an address, so that no file needs a password.

    Raises:
        SourceError: A variable is not set, or its name is none.
    """

    def value(found: re.Match[str]) -> str:
        name = found.group(1)
        if not _NAME.fullmatch(name):
            raise SourceError(f"{redact(spec)}: '${{{name}}}' is not the name of an environment variable")
        if name not in os.environ:
            raise SourceError(f"{redact(spec)}: the environment variable {name} is not set")
        return os.environ[name]

    return _REFERENCE.sub(value, spec)
