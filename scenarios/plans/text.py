"""The text of a plan's file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from scenarios.errors import ScenarioError

__all__ = ["MOST_BYTES", "parse_json", "read_json", "read_text"]

MOST_BYTES: Final = 200_000_000
"""Larger files are no floor plans."""


def read_text(path: Path) -> str:
    """Read a text file.

    Raises:
        ScenarioError: It cannot be read, is no UTF-8 text, is empty, or is too large.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ScenarioError(f"{path.name}: is larger than {MOST_BYTES // 1_000_000} MB; it should be a floor plan")
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ScenarioError(f"{path}: there is no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{path}: cannot be read as text ({error})") from None
    if not text.strip():
        raise ScenarioError(f"{path.name}: the file is empty")
    return text


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        ScenarioError: It cannot be read, is empty, is no JSON, or is nested too deep.
    """
    return parse_json(read_text(path), path.name)


def parse_json(text: str, file: str) -> Any:
    """Take JSON out of a text.

    Args:
        text: The text.
        file: Where it came from, for messages.

    Raises:
        ScenarioError: It is no JSON, or is nested too deep.
    """
    try:
        return json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise ScenarioError(
            f"{file}: is not valid JSON: {error.msg[:1].lower()}{error.msg[1:]} at line {error.lineno}, "
            f"column {error.colno}"
        ) from None
    except ValueError as error:
        raise ScenarioError(f"{file}: is not valid JSON: {error}") from None
    except RecursionError:
        raise ScenarioError(f"{file}: is not a plan: its lists are nested too deep") from None


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number")
