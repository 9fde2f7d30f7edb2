"""The scores in the README: every scenario of the library and the real video, by each detector that comes with Parvis.

python -m benchmarks.suite [--json] [--seeds 1,2,3] [--scenarios forecourt_bag_v1,station_hall_dwellers_v1]
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from benchmarks.claims import Claim, show
from dashboard.fetch_footage import vtest
from dashboard.progress import Report, bars
from dashboard.real import watch_real
from dashboard.rehearsal import Watching, rehearse, replay
from detect import defaults
from scenarios.load import library, load_scenario

REFERENCE = Path(__file__).parent.parent / "tests" / "reference" / "pets09_s2l1"
WATCHED_BY: Final = (defaults.DETECTOR, "background", "oracle")
FASTER_RCNN_BYTETRACK = {"hota": 0.374, "mota": 0.578, "idf1": 0.502}
"""Public Faster R-CNN boxes (Bewley et al. 2016) with ByteTrack, same truth, same evaluation: a test makes it again."""


def main(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    seeds: Annotated[str, typer.Option("--seeds", help="Comma between.")] = "1",
    scenarios: Annotated[str, typer.Option("--scenarios", help="Only these, comma between, and no real video.")] = "",
) -> None:
    """Measure every claim of the README's table."""
    numbers = [int(s) for s in seeds.split(",")]
    chosen = scenarios.split(",") if scenarios else [name for name in library() if load_scenario(name).incidents]
    with tempfile.TemporaryDirectory() as folder, bars(quiet=as_json) as report:
        claims = [
            *(c for name in chosen for c in _scenario(name, numbers, Path(folder), report)),
            *(() if scenarios else _real(Path(folder), report)),
        ]
    show(claims, as_json=as_json)


def _scenario(name: str, seeds: list[int], folder: Path, report: Report) -> Iterator[Claim]:
    """Film each seed once, watch it by the default detector, and the same film again by the others."""
    cards: dict[str, list[dict[str, Any]]] = {name: [] for name in WATCHED_BY}
    for seed in seeds:
        out = folder / f"{name}-{seed}"

        def say(stage: str, share: float | None, note: str = "", label: str = f"{name} {seed}") -> None:
            report(f"{label} {stage}", share, note)

        world = load_scenario(name, [f"seed={seed}"])
        cards[WATCHED_BY[0]].append(rehearse(world, out, Watching(WATCHED_BY[0]), report=say).score())
        for detector in WATCHED_BY[1:]:
            again = replay(out, folder / f"{name}-{seed}-{detector}", Watching(detector), report=say)
            cards[detector].append(again.score())
    for detector, found in cards.items():
        label = f"{name}, {detector}"
        yield from _events(label, found, perfect=detector == "oracle")
        for key, path in (("HOTA", ("tracks", "hota")), ("person AP50", ("boxes", "person", "ap50"))):
            yield Claim.at_least(f"{label}: {key}", _mean(found, *path), None)
    pace = statistics.mean(card["footage_s"] / card["wall_s"] for card in cards[WATCHED_BY[0]])
    yield Claim.at_least(f"{name}, {WATCHED_BY[0]}: seconds of footage per second, filming included", pace, 1.0)


def _events(label: str, cards: list[dict[str, Any]], *, perfect: bool) -> Iterator[Claim]:
    for kind in sorted({k for card in cards for k in card.get("events", {})}):
        rows = [card["events"][kind] for card in cards if kind in card["events"]]
        true, found, false = (sum(row.get(key, 0) for row in rows) for key in ("true", "found", "false"))
        goal = 1.0 if perfect else None
        if true:
            yield Claim.at_least(f"{label}: {kind} recall ({found} of {true})", found / true, goal)
        if found + false:
            share = found / (found + false)
            yield Claim.at_least(f"{label}: {kind} precision ({false} false)", share, goal)
        delays = [row["delay_s"]["median"] for row in rows if "delay_s" in row]
        if delays:
            yield Claim.at_most(f"{label}: {kind} delay, median, s", statistics.median(delays), 2.0 if perfect else 5.0)


def _real(folder: Path, report: Report) -> Iterator[Claim]:
    video = vtest()
    for detector in WATCHED_BY[:-1]:
        tracks: dict[str, float] = {}
        if video is not None:
            run = watch_real(
                str(video),
                calibration=REFERENCE / "camera.toml",
                truth=[REFERENCE / "gt.txt"],
                watching=Watching(detector=detector),
                out=folder / f"real-{detector}",
                report=lambda stage, share, note="": report(f"real video {stage}", share, note),
            )
            assert run is not None
            tracks = run.score()["tracks"]
        for key, peer in FASTER_RCNN_BYTETRACK.items():
            name = f"PETS2009 S2.L1 view 1, {detector}: {key.upper()}"
            yield Claim.against(name, tracks.get(key), peer, 1.0)


def _mean(cards: list[dict[str, Any]], *path: str) -> float | None:
    values = []
    for card in cards:
        value: Any = card
        for key in path:
            value = value.get(key, {}) if isinstance(value, dict) else {}
        if isinstance(value, float):
            values.append(value)
    return statistics.mean(values) if values else None


if __name__ == "__main__":
    typer.run(main)
