"""Does a detector that was trained on real people, and never on our footage, take our people for people?

python -m benchmarks.realism --detector D [--json] [--scenario pets_twin_v1,forecourt_bag_v1] [--seeds 1,2,3]

D is `hog` (OpenCV 4's people detector, in an environment of its own, made in the cache folder when it is first asked
for), or any .pt or .onnx file. The real side is PETS2009 S2.L1 view 1 (`python -m dashboard.fetch_footage`); the
simulated side is its twin, the scenario pets_twin_v1, in which simulated people go the same ways over the real empty
picture, or other scenarios by name. Both are watched as decoded video. The real one has hardly anybody of 40 to 60 px,
so for that size both are watched again, shrunk to 0.6. Fully visible is told from the boxes alone, alike on both
sides: see `benchmarks.footage.People`.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from benchmarks.claims import Claim, show
from benchmarks.finding import SIZES_PX, Tally, bootstrap_difference, tally
from benchmarks.footage import PETS_OCCLUDERS, Footage, occluders_of
from benchmarks.hog import HogDetector
from benchmarks.miss import save_misses
from benchmarks.realism_page import page
from benchmarks.watched import watch
from dashboard.fetch_footage import vtest
from dashboard.progress import Report, bars
from detect.detectors import build_detector
from detect.detectors.contract import Detector
from scenarios.camera import Camera
from scenarios.errors import ParvisError, ScenarioError, SourceError
from scenarios.load import load_scenario
from scenarios.recording import Recording
from sim.film import film

REFERENCE: Final = Path(__file__).parent.parent / "tests" / "reference" / "pets09_s2l1"
_PETS_FPS: Final = 7.0
TWIN: Final = "pets_twin_v1"
_WITHIN: Final = 0.10
_SHRINK: Final = 0.6
"""Both films are watched once more at this size for people of 40 to 60 px, of whom the real one has a handful."""
_THRESHOLDS: Final = {"hog": (0.0, 0.3, 0.6, 1.0)}
_USUAL_THRESHOLDS: Final = (0.2, 0.4, 0.6)
_MAIN: Final = {"hog": 0.3}
_USUAL_MAIN: Final = 0.4


def main(
    detector: Annotated[str, typer.Option("--detector", help="hog, or a .pt or .onnx file.")] = "hog",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    scenario: Annotated[str, typer.Option("--scenario", help="Comma between.")] = TWIN,
    settings: Annotated[list[str] | None, typer.Option("--set", help="conditions.noise=2; may be repeated.")] = None,
    seeds: Annotated[str, typer.Option("--seeds", help="Comma between.")] = "1,2,3",
    stride: Annotated[int, typer.Option("--stride", min=1, help="Watch every n-th picture.")] = 7,
    at: Annotated[str | None, typer.Option("--at", help="Score thresholds, comma between.")] = None,
    iou: Annotated[float, typer.Option("--iou", min=0.1, max=0.9, help="Least overlap of a found person.")] = 0.4,
    hog_python: Annotated[
        Path | None, typer.Option("--hog-python", help="A Python with OpenCV 4; else one is made.")
    ] = None,
    trust_weights: Annotated[bool, typer.Option("--trust-weights", help="Load a .pt file, which runs code.")] = False,
    misses: Annotated[Path | None, typer.Option("--misses", help="Folder for pictures of what went wrong.")] = None,
    doc: Annotated[Path | None, typer.Option("--doc", help="Write the table as Markdown.")] = None,
) -> None:
    """Measure the share of fully visible people found, ours beside real."""
    try:
        _measure(
            detector, as_json, scenario.split(","), settings or [], [int(s) for s in seeds.split(",")], stride,
            at, iou, hog_python, trust_weights, misses, doc,
        )  # fmt: skip
    except ParvisError as error:
        typer.echo(f"realism: {error}", err=True)
        raise typer.Exit(2) from None


def _measure(
    name: str, as_json: bool, scenarios: list[str], settings: list[str], seeds: list[int], stride: int,
    at: str | None, iou: float, hog_python: Path | None, trust_weights: bool, misses: Path | None, doc: Path | None,
) -> None:  # fmt: skip
    thresholds = tuple(float(t) for t in at.split(",")) if at else _THRESHOLDS.get(name, _USUAL_THRESHOLDS)
    preferred = _MAIN.get(name, _USUAL_MAIN)
    chosen = preferred if preferred in thresholds else thresholds[len(thresholds) // 2]
    real = _real()
    with ExitStack() as stack:
        report = stack.enter_context(bars(quiet=as_json))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        watcher = _detector(name, hog_python, trust_weights, stack)
        films: dict[str, list[Footage]] = {"real": [real]}
        facts: dict[str, Any] = {}
        for wanted in scenarios:
            made = [_films(wanted, settings, seed, folder, report) for seed in seeds]
            films[wanted] = [f for footages, _ in made for f in footages]
            facts[wanted] = {"seeds": seeds, "scenario_sha256": made[0][1], "pixels_sha256": _pixels(films[wanted])}
        looks = {side: [watch(f, watcher, stride, report) for f in group] for side, group in films.items()}
        small = {side: [watch(f, watcher, stride, report, _SHRINK) for f in group] for side, group in films.items()}
        if misses is not None:
            for side, group in films.items():
                save_misses(group, looks[side], misses / side, threshold=chosen, iou=iou, stride=stride)
    tallies = {
        (side, threshold): Tally.joined(
            [
                tally(large, threshold=threshold, iou=iou).with_small(
                    tally(little, threshold=threshold, iou=iou), SIZES_PX[0][1]
                )
                for large, little in zip(looks[side], small[side], strict=True)
            ]
        )
        for side in films
        for threshold in thresholds
    }
    rows = list(_rows(tallies, scenarios, thresholds))
    told = {
        "detector": name,
        "weights_sha256": watcher.weights_sha256,
        "iou": iou,
        "stride": stride,
        "shrink": _SHRINK,
        "films": facts,
        "rows": rows,
        "command": _command(name, scenarios, settings, seeds, stride, thresholds, iou),
    }
    if doc is not None:
        doc.write_text(page(told, chosen), encoding="utf-8")
    show(list(_claims(tallies, scenarios, name, chosen)), as_json=as_json, more={"realism": told})
    if not as_json:
        print(page(told, chosen))


def _command(
    name: str, scenarios: list[str], settings: list[str], seeds: list[int], stride: int, at: Sequence[float], iou: float
) -> str:
    """What makes the same table again, whatever it was made with here."""
    changed = "".join(f" --set {setting}" for setting in settings)
    return (
        f"python -m benchmarks.realism --detector {name} --scenario {','.join(scenarios)}{changed}"
        f" --seeds {','.join(map(str, seeds))} --stride {stride} --at {','.join(f'{t:g}' for t in at)} --iou {iou:g}"
    )


def _detector(name: str, hog_python: Path | None, trust_weights: bool, stack: ExitStack) -> Detector:
    if name == "hog":
        return stack.enter_context(HogDetector(hog_python))
    return build_detector(name, trust_weights=trust_weights)


def _real() -> Footage:
    video = vtest()
    if video is None:
        raise SourceError("the real video is not here: python -m dashboard.fetch_footage gets it")
    return Footage.real("PETS2009 S2.L1 view 1", video, REFERENCE / "gt.txt", _PETS_FPS, PETS_OCCLUDERS)


def _films(wanted: str, settings: list[str], seed: int, folder: Path, report: Report) -> tuple[list[Footage], str]:
    """Film one seed of a scenario, or of the twin; return its footage and the scenario's hash."""
    label = f"film {wanted} {seed}"
    world = load_scenario(wanted, [*settings, f"seed={seed}"])
    recording = Recording(folder / f"{wanted}-{seed}")
    done = film(world, recording, progress=lambda share: report(label, share))
    fixed = [camera for camera in done.cameras if isinstance(camera, Camera)]
    if not fixed:
        raise ScenarioError(f"{wanted}: all its cameras move; who is fully visible is told for fixed ones only")
    return [
        Footage(
            f"{wanted}, {camera.id}, seed {seed}", recording.video(camera.id), done.truth, camera.id, world.fps,
            PETS_OCCLUDERS if wanted == TWIN else occluders_of(world, camera), camera.masks_px,
        )
        for camera in fixed
    ], load_scenario(wanted, settings).hash  # fmt: skip


def _pixels(films: Sequence[Footage]) -> str:
    """SHA-256 over the decoded pictures of all films."""
    total = hashlib.sha256()
    for footage in films:
        for frame, _ in footage.pictures(1):
            total.update(frame.image.data)
    return total.hexdigest()


def _rows(
    tallies: dict[tuple[str, float], Tally], scenarios: list[str], thresholds: Sequence[float]
) -> Iterator[dict[str, Any]]:
    for threshold in thresholds:
        real = tallies["real", threshold]
        for side in ("real", *scenarios):
            mine = tallies[side, threshold]
            false, interval = mine.false_per_frame()
            row: dict[str, Any] = {"threshold": threshold, "footage": side, "frames": len(mine.false)}
            row |= {"false_per_frame": false, "false_ci95": interval}
            for size in SIZES_PX:
                share = asdict(mine.share(size))
                if side != "real":
                    difference = bootstrap_difference(mine, real, size)
                    share["less_real"] = None if difference is None else asdict(difference)
                row[f"{size[0]}-{size[1]}"] = share
            yield row


def _claims(
    tallies: dict[tuple[str, float], Tally], scenarios: list[str], detector: str, threshold: float
) -> Iterator[Claim]:
    label = f"realism, {Path(detector).name} at {threshold:g}"
    real = tallies["real", threshold]
    for side in scenarios:
        ours = tallies[side, threshold]
        for size in SIZES_PX:
            theirs, mine = real.share(size), ours.share(size)
            what = f"{label}, {side}: fully visible people of {size[0]}-{size[1]} px"
            if mine.share is None or theirs.share is None:
                yield Claim.at_most(f"{what}: none on one side", None, _WITHIN)
                continue
            yield Claim.at_most(
                f"{what}: |{mine.share:.2f} found - {theirs.share:.2f} on the real video|",
                abs(mine.share - theirs.share),
                _WITHIN,
            )
        yield Claim(
            f"{label}, {side}: false boxes per frame, beside the real video's",
            ours.false_per_frame()[0], real.false_per_frame()[0], None, None, True,
        )  # fmt: skip


if __name__ == "__main__":
    typer.run(main)
