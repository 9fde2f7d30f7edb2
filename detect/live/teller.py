"""Tells other systems what goes into the record, each receiver in a thread of its own.

The record is the outbox: what is told stands in it before anybody is told, in the same transaction as what it tells.
Each receiver has a place in it up to which it has been told, so nothing is lost when the daemon or the receiver is
killed; something may be told twice, by the same id.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Event as Flag
from threading import Thread
from typing import Final, Protocol

from detect.store import Store, StorePlace
from scenarios.errors import ParvisError

__all__ = ["POLL_S", "Teller", "complain", "keep_telling", "telling"]

POLL_S: Final = 0.5
_AGAIN_S: Final = 1.0
_LAST_S: Final = 11.0
"""Longer than any receiver may take to answer."""


class Teller(Protocol):
    """Tells one receiver."""

    name: str
    over: Flag
    """Set when it should come to an end."""

    def tell(self, store: Store) -> float:
        """Tell what there is; returns for how many seconds to wait before the next look."""

    def close(self) -> None:
        """Let go of the receiver."""


@contextmanager
def telling(tellers: Sequence[Teller], store: StorePlace) -> Iterator[None]:
    """Tell all receivers while inside; one that is away delays no other."""
    threads = [
        Thread(target=keep_telling, args=(teller, store), name=f"tells {teller.name}", daemon=True)
        for teller in tellers
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for teller in tellers:
            teller.over.set()
        for thread in threads:
            thread.join(_LAST_S)


def keep_telling(teller: Teller, place: StorePlace) -> None:
    """Tell one receiver until it is over."""
    while not teller.over.is_set():
        wait_s = POLL_S
        try:
            with Store.open_existing(place) as store:
                wait_s = teller.tell(store)
        except ParvisError as error:  # the store is locked, or its disk is full
            complain(teller.name, str(error))
            wait_s = _AGAIN_S
        teller.over.wait(wait_s)
    teller.close()


def complain(name: str, problem: str) -> None:
    """Say on the terminal what is wrong with a receiver."""
    print(f"{name}: {problem}", file=sys.stderr, flush=True)
