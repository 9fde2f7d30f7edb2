"""The configuration is read again when its file changes; one that makes no sense changes nothing."""

from __future__ import annotations

import hashlib
from pathlib import Path

from detect.live.config import LiveConfig, load_config
from scenarios.errors import ScenarioError

__all__ = ["Reload", "digest_of"]


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a configuration file, for the record; empty where it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


class Reload:
    """Watches one configuration file."""

    def __init__(self, path: Path, config: LiveConfig) -> None:
        """Begin with what was read from it."""
        self.config = config
        self.path = path
        self._seen = self._stamp()

    def look(self) -> LiveConfig | None:
        """Return the new configuration where the file has changed and says something else, or None.

        Raises:
            ParvisError: It has changed and makes no sense; said once, and what was before goes on.
        """
        stamp = self._stamp()
        if stamp is None or stamp == self._seen:  # an editor may take it away for a moment
            return None
        self._seen = stamp
        fresh = load_config(self.path)
        if fresh.store != self.config.store:
            raise ScenarioError(f"{self.path.name}: store: cannot change while the daemon runs; start it again")
        if (fresh.http, fresh.webhooks) != (self.config.http, self.config.webhooks):
            raise ScenarioError(
                f"{self.path.name}: http and webhooks cannot change while the daemon runs; start it again"
            )
        if fresh == self.config:
            return None
        self.config = fresh
        return fresh

    def _stamp(self) -> tuple[int, int] | None:
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size
