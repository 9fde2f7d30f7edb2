"""The scorecard on the terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from scenarios.recording import Recording

__all__ = ["print_score"]


def print_score(recording: Recording, screen: Console) -> None:
    """Print the scorecard of a run and where its report is; what was not measured is a dash, never a zero."""
    card = recording.score()
    title = f"{card['scenario']}, seed {card['seed']}" if card.get("seed") is not None else str(card["scenario"])
    screen.print(f"\n[bold]{escape(title)}[/bold], detector [bold]{escape(str(card['detector']))}[/bold]")
    if card.get("events"):
        table = Table("event", "true", "found", "false", "recall", "precision", "false/h", "delay median", "p90")
        for kind, row in card["events"].items():
            if row.get("rule") is False:
                table.add_row(kind, _count(row.get("true")), "no rule yet")
                continue
            delay = row.get("delay_s", {})
            table.add_row(
                kind,
                *(_count(row.get(key)) for key in ("true", "found", "false")),
                *(_share(row.get(key)) for key in ("recall", "precision")),
                _number(row.get("false_per_camera_hour"), 1),
                _number(delay.get("median"), 1, " s"),
                _number(delay.get("p90"), 1, " s"),
            )
        screen.print(table)
    if card.get("boxes"):
        table = Table("boxes", "AP50", "AP50-95", "precision", "recall")
        for cls, row in card["boxes"].items():
            table.add_row(cls, *(_share(row.get(key)) for key in ("ap50", "ap50_95", "precision", "recall")))
        screen.print(table)
    if card.get("tracks"):
        names = ("hota", "det_a", "ass_a", "idf1", "mota")
        table = Table(*("HOTA", "DetA", "AssA", "IDF1", "MOTA"))
        table.add_row(*(_share(card["tracks"].get(name)) for name in names))
        screen.print(table)
    if card.get("count"):
        count = card["count"]
        screen.print(
            f"count of people: mean absolute error {_number(count.get('mae'), 2)}, RMSE {_number(count.get('rmse'), 2)}"
        )
    if card.get("floor"):
        floor = card["floor"]
        place, count = floor.get("position_m", {}), floor.get("count", {})
        screen.print(
            f"on the floor, {floor['cameras']} camera{'' if floor['cameras'] == 1 else 's'}: places off by "
            f"{_number(place.get('median'), 2, ' m')} (median), {_number(place.get('p95'), 2, ' m')} (95 %); "
            f"count off by {_number(count.get('mae'), 2)} of {_number(floor.get('people'), 1)} people; "
            f"MODA {_share(floor.get('moda'))}, MODP {_share(floor.get('modp'))}"
        )
    for role, row in card.get("fairness", {}).items():
        screen.print(
            f"{role.replace('_', '-')}: {_count(row.get('false_alarms'))} false alarms in "
            f"{_number(row.get('person_hours'), 2)} person-hours"
        )
    wall, footage = card["wall_s"], card["footage_s"]
    screen.print(f"{footage:.1f} s of footage in {wall:.1f} s ({footage / wall:.2f} times real time)")
    screen.print(f"report: [bold]{escape(str(recording.report))}[/bold]", soft_wrap=True)


def _share(value: Any) -> str:
    return "-" if value is None else f"{value:.3f}"


def _count(value: Any) -> str:
    return "-" if value is None else str(value)


def _number(value: Any, digits: int, unit: str = "") -> str:
    return "-" if value is None else f"{value:.{digits}f}{unit}"
