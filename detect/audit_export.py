"""The record as a file of its own: JSON lines that can be checked without the store, and by any other program.

The first line says what it is and names the head, ``seq:hash`` of the last entry; every further line is an entry. The
hash of an entry is the SHA-256 of the JSON list ``[seq, at, action, facts, hash of the entry before]``, in which the
facts are a text: JSON with sorted keys, nothing escaped that need not be; before the first entry stand 64 zeros.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from detect.audit import AuditReport, append, check_chain
from detect.audit_check import Told
from detect.database import Database
from scenarios.errors import RecordingError

__all__ = ["export_record", "is_record", "verify_record"]

_FORMAT: Final = "parvis_record"
_VERSION: Final = 1


def export_record(database: Database, out: Path, *, by: str) -> int:
    """Write the record; that it was written, by whom and to where is its last entry.

    Returns:
        How many entries it has.

    Raises:
        RecordingError: The file is there already or cannot be written.
    """
    if out.exists():
        raise RecordingError(f"{out}: is there already; export the record to a new file")
    with database.write() as writing:
        append(writing, "audit.exported", {"by": by, "file": out.name})
        head = writing.execute("SELECT value FROM meta WHERE key = 'audit_head'").fetchone()[0]
        rows = writing.execute("SELECT seq, at, action, facts, hash FROM audit ORDER BY seq").fetchall()
    first = {_FORMAT: _VERSION, "store": database.name, "head": head, "at": datetime.now(UTC).isoformat()}
    part = out.with_name(out.name + ".part")
    try:
        with part.open("w", encoding="utf-8") as file:
            file.write(json.dumps(first) + "\n")
            for seq, at, action, text, entry_hash in rows:
                entry = {"seq": seq, "at": at, "action": action, "facts": json.loads(text), "hash": entry_hash}
                file.write(json.dumps(entry, ensure_ascii=False) + "\n")
        part.replace(out)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise RecordingError(f"{out}: the record cannot be written ({error.strerror})") from None
    return len(rows)


def is_record(path: Path) -> bool:
    """Tell whether a file is such an export, and no store."""
    try:
        with path.open("rb") as file:
            return file.read(1) == b"{"
    except OSError:
        return False


def verify_record(path: Path) -> AuditReport:
    """Check an export by itself.

    Raises:
        RecordingError: It cannot be read, or is no export of a record.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        first = json.loads(lines[0])
        head = first["head"]
        if first[_FORMAT] != _VERSION:
            raise KeyError(_FORMAT)
    except (OSError, UnicodeDecodeError, ValueError, KeyError, IndexError, TypeError):
        raise RecordingError(f"{path}: is no record that `parvis audit export` wrote") from None
    told = Told()
    try:
        found = check_chain(_entries(lines[1:]), head, told.hear)
    except _NoEntryError as error:
        return AuditReport(False, 0, str(error))
    return replace(found, deleted=dict(told.deleted))


class _NoEntryError(Exception):
    pass


def _entries(lines: list[str]) -> Iterator[tuple[int, str, str, str, str]]:
    for number, line in enumerate(lines, 2):
        try:
            raw: dict[str, Any] = json.loads(line)
            text = json.dumps(raw["facts"], sort_keys=True, ensure_ascii=False)
            yield raw["seq"], raw["at"], raw["action"], text, raw["hash"]
        except (ValueError, KeyError, TypeError):
            raise _NoEntryError(f"line {number} is no entry") from None
