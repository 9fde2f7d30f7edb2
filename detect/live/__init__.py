"""Watching real cameras for hours: the daemon, and the watcher of one camera."""

from detect.live.daemon import run_daemon
from detect.live.watcher import watch_camera

__all__ = ["run_daemon", "watch_camera"]
