"""The folder of runs that the pages show: what lies in it, and nothing outside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashboard.report import is_synthetic
from dashboard.verdict import key_scores
from scenarios.errors import RecordingError, unknown
from scenarios.recording import Recording

__all__ = ["RunCard", "Shelf"]


@dataclass(frozen=True, slots=True)
class RunCard:
    """What the list of runs says about one of them.

    Attributes:
        name: Name of the run folder.
        title: What was rehearsed or watched, for a person.
        scenario: Its name.
        seed: Its seed, or None for real footage.
        detector: Who watched.
        made_at: When, in ISO 8601; empty where it is not known.
        synthetic: Whether the footage was rendered.
        scores: See ``dashboard.verdict.key_scores``.
    """

    name: str
    title: str
    scenario: str
    seed: int | None
    detector: str
    made_at: str
    synthetic: bool
    scores: Mapping[str, float | None]

    @property
    def label(self) -> str:
        """One line by which it is chosen."""
        when = self.made_at[:16].replace("T", " ")
        return " · ".join(part for part in (self.name, self.detector, when) if part)


@dataclass(frozen=True, slots=True)
class Shelf:
    """A folder with run folders in it.

    Attributes:
        folder: Where they lie; it need not exist yet.
    """

    folder: Path

    def names(self) -> list[str]:
        """Return the names of the run folders in it, sorted; a link that leads out of it is not among them."""
        if not self.folder.is_dir():
            return []
        root = self.folder.resolve()
        return sorted(
            child.name
            for child in self.folder.iterdir()
            if not child.name.startswith(".")
            and (child / "run.json").is_file()
            and child.resolve().is_relative_to(root)
        )

    def open(self, name: str) -> Recording:
        """Open one of the runs.

        Raises:
            RecordingError: There is no run of that name here, or it is not whole.
        """
        names = self.names()
        if name not in names:
            raise RecordingError(unknown("run", name, names, str(self.folder)))
        return Recording.open(self.folder / name)

    def file(self, run: str, *parts: str) -> Path | None:
        """Return a file of a run, or None where there is none or where it would lie outside the run's folder."""
        if run not in self.names():
            return None
        root = (self.folder / run).resolve()
        path = root.joinpath(*parts).resolve()
        return path if path.is_relative_to(root) and path.is_file() else None

    def cards(self) -> tuple[list[RunCard], list[str]]:
        """Return a card for each run, the newest first, and a sentence for each that cannot be read."""
        cards, complaints = [], []
        for name in self.names():
            try:
                cards.append(_card(self.open(name)))
            except RecordingError as error:
                complaints.append(str(error))
        cards.sort(key=lambda card: card.name)
        cards.sort(key=lambda card: card.made_at, reverse=True)
        return cards, complaints


def _card(recording: Recording) -> RunCard:
    run: dict[str, Any] = recording.run()
    score = recording.score()
    return RunCard(
        name=recording.folder.name,
        title=str(run.get("title") or run.get("scenario") or recording.folder.name),
        scenario=str(run.get("scenario") or ""),
        seed=run.get("seed"),
        detector=str(run.get("detector") or ""),
        made_at=str(run.get("made_at") or ""),
        synthetic=is_synthetic(recording, run),
        scores=key_scores(score),
    )
