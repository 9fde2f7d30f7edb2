"""Processes of the daemon: started with the signals held back until they can hear them, and gone when it is."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from multiprocessing import get_context, resource_tracker
from multiprocessing.context import SpawnProcess
from threading import Event as Flag
from threading import Thread
from typing import Any, Final

__all__ = ["begin_as_child", "start_child"]

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


def start_child(target: Callable[..., None], args: tuple[Any, ...], name: str) -> SpawnProcess:
    """Start a process, whose function first calls ``begin_as_child``."""
    process = get_context("spawn").Process(target=target, args=args, name=name, daemon=True)
    resource_tracker.ensure_running()  # it would lift the mask
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return process


def begin_as_child(parent: int) -> Flag:
    """Hear signals, and never outlive the parent.

    Args:
        parent: Its process id.

    Returns:
        What is set when the process is asked to end; an interrupt from the terminal is the parent's matter.
    """
    stopping = Flag()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stopping.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    Thread(target=_end_with, args=(parent,), daemon=True).start()
    return stopping


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)
