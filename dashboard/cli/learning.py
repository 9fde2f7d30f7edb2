"""What the command learns: a detector, from nothing to the exported file and its model card."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from dashboard.cli.words import JsonOption, plain, screen

__all__ = ["train", "train_heads"]

_StillsOnly = Annotated[
    bool, typer.Option("--stills-only", help="Film what is trained on, and stop: that part needs no torch.")
]
_Scenarios = Annotated[
    int | None, typer.Option("--scenarios", min=1, help="How many are drawn; more may be added later.")
]
_Seed = Annotated[int | None, typer.Option("--seed", min=0, help="Decides all chance.")]
_Photographs = Annotated[
    Path | None,
    typer.Option(
        "--photographs",
        metavar="FOLDER",
        help="Pictures of anything without people; they stand behind the people of a third of the stills.",
    ),
]
_Workers = Annotated[int | None, typer.Option("--workers", min=1, help="Processes that film; default: all cores.")]
_Device = Annotated[str, typer.Option("--device", help="cpu, or the number of a GPU, such as 0.")]
_Fresh = Annotated[bool, typer.Option("--fresh", help="Train from nothing; else an interrupted training goes on.")]


def train(
    recipe: Annotated[
        str, typer.Option("--recipe", metavar="R", help="taste (minutes), laptop (hours on a CPU), full (one GPU).")
    ] = "laptop",
    out: Annotated[
        Path, typer.Option("--out", help="Folder of stills, checkpoints, parvis-n.onnx and card.json.")
    ] = Path("runs/train"),
    stills_only: _StillsOnly = False,
    scenarios: _Scenarios = None,
    epochs: Annotated[int | None, typer.Option("--epochs", min=1, help="Rounds over the stills.")] = None,
    seed: _Seed = None,
    input_px: Annotated[
        int | None, typer.Option("--input-px", min=64, help="Longer side of the pictures in training.")
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option("--learning-rate", min=1e-6, max=1.0, help="Of AdamW at the start; it falls to 1 %.")
    ] = None,
    begin_with: Annotated[
        Path | None,
        typer.Option(
            "--begin-with",
            metavar="FILE.pt",
            help="Weights of an earlier training to begin with, in place of chance. A pickle: only a file of your own.",
        ),
    ] = None,
    photographs: _Photographs = None,
    workers: _Workers = None,
    device: _Device = "cpu",
    fresh: _Fresh = False,
    as_json: JsonOption = False,
) -> None:
    """Train a detector on stills of scenarios drawn at random; no real picture and no foreign weights are used.

    Stopped at any moment, the same command goes on: with the stills that are missing, or at the last whole epoch.

    Example: parvis train --recipe laptop --stills-only --out runs/train

    Example: parvis train --recipe full --device 0 --out runs/train

    Example: parvis train --out runs/longer --begin-with runs/train/network/weights/last.pt --learning-rate 0.001
    """
    from dashboard.progress import bars
    from dashboard.training import make_stills, recipe_named, train_network

    chosen = recipe_named(
        recipe, scenarios=scenarios, epochs=epochs, seed=seed, input_px=input_px, learning_rate=learning_rate,
        photographs=photographs, begin_with=begin_with,
    )  # fmt: skip
    with bars(quiet=as_json) as report:
        make_stills(chosen, out / "stills", photographs=photographs, workers=workers, report=report)
        card = (
            None
            if stills_only
            else train_network(
                chosen, out / "stills", out, device=device, fresh=fresh, begin_with=begin_with, report=report
            )
        )
    if as_json:
        typer.echo(json.dumps({"stills": str(out / "stills")} | ({"card": card} if card is not None else {})))
        return
    screen.print(f"Stills: [bold]{plain(str(out / 'stills'))}[/bold]")
    if card is not None:
        screen.print(f"Detector: [bold]{plain(str(out / 'parvis-n.onnx'))}[/bold]; its card is beside it.")
        for name, score in card["held_out"].items():
            screen.print(f"  {name}: AP50 {score['ap50']:.3f} on held-out scenarios")


def train_heads(
    recipe: Annotated[
        str, typer.Option("--recipe", metavar="R", help="taste (minutes), laptop (half an hour), full (one GPU).")
    ] = "laptop",
    out: Annotated[
        Path, typer.Option("--out", help="Folder of stills, checkpoints, parvis-heads.onnx and parvis-heads.json.")
    ] = Path("runs/train_heads"),
    stills_only: _StillsOnly = False,
    scenarios: _Scenarios = None,
    steps: Annotated[int | None, typer.Option("--steps", min=1, help="Steps of training.")] = None,
    seed: _Seed = None,
    rate: Annotated[float | None, typer.Option("--rate", min=0, help="Learning rate at its highest.")] = None,
    start: Annotated[
        Path | None, typer.Option("--start", help="Checkpoint of an earlier training (heads/last.pt) to begin with.")
    ] = None,
    photographs: _Photographs = None,
    workers: _Workers = None,
    device: _Device = "cpu",
    fresh: _Fresh = False,
    as_json: JsonOption = False,
) -> None:
    """Train the network that counts heads in crowds, on drawn crowds of up to six people a square metre.

    Stopped at any moment, the same command goes on: with the stills that are missing, or at the last kept step.

    Example: parvis train-heads --recipe laptop --out runs/train_heads
    """
    from dashboard.head_training import head_recipe_named, make_head_stills
    from dashboard.head_training import train_heads as train_network
    from dashboard.progress import bars

    chosen = head_recipe_named(
        recipe,
        scenarios=scenarios,
        steps=steps,
        seed=seed,
        photographs=photographs,
        learning_rate=rate,
        start=start,
    )
    with bars(quiet=as_json) as report:
        make_head_stills(chosen, out / "stills", photographs=photographs, workers=workers, report=report)
        card = (
            None
            if stills_only
            else train_network(chosen, out / "stills", out, device=device, fresh=fresh, start=start, report=report)
        )
    if as_json:
        typer.echo(json.dumps({"stills": str(out / "stills")} | ({"card": card} if card is not None else {})))
        return
    screen.print(f"Stills: [bold]{plain(str(out / 'stills'))}[/bold]")
    if card is not None:
        error, people = card["held_out"]["mean_absolute_error"], card["held_out"]["people"]
        screen.print(f"Network: [bold]{plain(str(out / 'parvis-heads.onnx'))}[/bold]; its card is beside it.")
        screen.print(f"  off by {error:.1f} people on held-out stills of {people:.1f}")
