"""What stands around the view: status, a legend, what was said last, the keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from dashboard.play.look import (
    CHANGED,
    DENSEST_PER_M2,
    FOLLOWED,
    LINE,
    PANEL,
    PAPER,
    QUIET,
    SHUT,
    TEXT,
    density_colours,
    pygame,
    write,
)  # fmt: skip
from sim.render.mark import clock

__all__ = ["BOTTOM_PX", "TOP_PX", "Status", "draw_help", "draw_legend", "draw_question", "draw_said", "draw_status"]

TOP_PX: Final = 58
BOTTOM_PX: Final = 34

_KEYS: Final = (
    ("Time", (
        ("Space", "pause and go on"),
        (". or Right", "one step"),
        ("+  -", "faster, slower: 0.25x to 16x, then as fast as it goes"),
        ("Left", "back by 5 s; what was done since happens again"),
        ("Z", "undo: take back the last act and go back to it"),
    )),
    ("Look", (
        ("1 to 9, Tab", "camera 1 to 9, next view"),
        ("0", "plan"),
        ("D", "density, and the densest place"),
        ("Click a person", "follow; Esc: follow nobody"),
    )),
    ("Do", (
        ("B", "the followed person puts a bag down; with nobody followed, the nearest carries one to the mouse"),
        ("F", "the followed person falls; with nobody followed, the one nearest to the mouse"),
        ("U", "surge: everybody within 10 m of the mouse runs to the nearest open exit"),
        ("Click a gate", "close or open it"),
        ("Drag", "move a barrier, bench, bin, planter or sign; it is moved at that instant of the run"),
    )),
    ("Keep", (
        ("S", "save what was played as a scenario: run again, it gives the same bits"),
        ("P", "picture of this window, beside the scenario"),
        ("H or F1", "this page"),
        ("Q", "quit"),
    )),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Status:
    """What the status line says.

    Attributes:
        name: Of the scenario.
        seed: Of the run.
        time_s: Now.
        duration_s: Of the scenario.
        paused: Whether it stands.
        asked: Speed asked for, in times real time; inf: as fast as it goes.
        reached: Speed reached, or None where not known yet.
        people: Inside now.
        left: Who have left.
        densest_per_m2: Largest density now.
        densest_m: Where.
        acts: How many things were done.
        unsaved: Whether they are not saved yet.
        view: What is shown.
    """

    name: str
    seed: int
    time_s: float
    duration_s: float
    paused: bool
    asked: float
    reached: float | None
    people: int
    left: int
    densest_per_m2: float
    densest_m: tuple[float, float]
    acts: int
    unsaved: bool
    view: str

    @property
    def speed(self) -> str:
        """The speed in words; honest where the machine does not reach what was asked for."""
        if self.time_s >= self.duration_s - 1e-9:
            return "the end"
        if self.paused:
            return "paused"
        if self.asked == np.inf:
            return "as fast as it goes" + ("" if self.reached is None else f": {self.reached:.1f}x")
        if self.late:
            return f"{self.reached:.1f}x, asked {self.asked:g}x"
        return f"{self.asked:g}x"

    @property
    def late(self) -> bool:
        """Whether the machine cannot keep up."""
        running = not self.paused and self.asked != np.inf
        return running and self.reached is not None and self.reached < 0.93 * self.asked


def draw_status(surface: pygame.Surface, status: Status) -> None:
    """Draw the line at the top."""
    wide = surface.get_width()
    pygame.draw.rect(surface, PANEL, (0, 0, wide, TOP_PX))
    share = min(1.0, status.time_s / status.duration_s)
    pygame.draw.rect(surface, LINE, (0, TOP_PX - 3, wide, 3))
    pygame.draw.rect(surface, CHANGED, (0, TOP_PX - 3, round(wide * share), 3))
    write(surface, clock(status.time_s)[3:], (16, 8), TEXT, 28)
    colour = SHUT if status.late else FOLLOWED if status.paused else QUIET
    write(surface, status.speed, (134, 9), colour, 15)
    write(surface, f"of {clock(status.duration_s)[3:-3]}", (134, 30), QUIET, 13)
    x, y = status.densest_m
    acts = (
        "nothing done yet"
        if not status.acts
        else f"{status.acts} done" + (", not saved" if status.unsaved else ", saved")
    )
    cells = (
        ("people", f"{status.people} inside, {status.left} left"),
        ("densest place", f"{status.densest_per_m2:.1f} per m² at {x:.0f}, {y:.0f} m"),
        ("view", status.view),
        ("played", acts),
        ("seed", str(status.seed)),
    )
    at = 300.0
    room = (wide - at - 16) / len(cells)
    for label, value in cells:
        write(surface, label, (at, 9), QUIET, 13)
        write(surface, value, (at, 27), SHUT if label == "played" and status.unsaved else TEXT, 15)
        at += room * (1.25 if label in ("densest place", "people") else 0.85)


def draw_said(surface: pygame.Surface, text: str, *, bad: bool) -> None:
    """Draw the line at the bottom: what was said last, or how to get help."""
    wide, high = surface.get_size()
    pygame.draw.rect(surface, PANEL, (0, high - BOTTOM_PX, wide, BOTTOM_PX))
    middle = high - BOTTOM_PX / 2
    keys = write(surface, "H  all keys", (wide - 16, middle), QUIET, 14, anchor="midright")
    surface.set_clip(pygame.Rect(0, high - BOTTOM_PX, keys.left - 20, BOTTOM_PX))
    write(surface, text, (16, middle), SHUT if bad else TEXT, 15, anchor="midleft")
    surface.set_clip(None)


def draw_legend(surface: pygame.Surface) -> None:
    """Draw the colours of the density into the line at the bottom."""
    wide, tall = 200, 10
    x, y = surface.get_width() - 130 - wide, surface.get_height() - BOTTOM_PX + 5
    pygame.draw.rect(surface, PANEL, (x - 140, y - 4, wide + 170, BOTTOM_PX - 2))
    write(surface, "persons per m²", (x - 20, y + 12), QUIET, 14, anchor="midright")
    for column, colour in enumerate(density_colours(np.linspace(0, DENSEST_PER_M2, wide))[:, :3].tolist()):
        pygame.draw.line(surface, colour, (x + column, y), (x + column, y + tall - 1))
    for value in range(int(DENSEST_PER_M2) + 1):
        words = f"{value}+" if value == DENSEST_PER_M2 else str(value)
        write(surface, words, (x + wide * value / DENSEST_PER_M2, y + tall + 1), TEXT, 12, anchor="midtop")


def draw_help(surface: pygame.Surface) -> None:
    """Draw the keys over everything."""
    wide, high = surface.get_size()
    rows = sum(len(keys) + 1 for _, keys in _KEYS)
    panel = pygame.Rect(0, 0, min(860, wide - 40), 74 + 26 * rows)
    panel.center = wide // 2, high // 2
    _veil(surface, panel)
    write(surface, "Keys and mouse", (panel.x + 28, panel.y + 20), TEXT, 22)
    y = panel.y + 58
    for title, keys in _KEYS:
        write(surface, title, (panel.x + 28, y + 4), CHANGED, 15)
        y += 26
        for key, does in keys:
            write(surface, key, (panel.x + 44, y), FOLLOWED, 15)
            write(surface, does, (panel.x + 180, y), TEXT, 15)
            y += 26


def draw_question(surface: pygame.Surface, lines: tuple[str, ...]) -> None:
    """Draw a question in the middle; its first line is the question."""
    panel = pygame.Rect(0, 0, 560, 50 + 28 * len(lines))
    panel.center = surface.get_rect().center
    _veil(surface, panel)
    for number, line in enumerate(lines):
        colour, size = (TEXT, 20) if number == 0 else (QUIET, 16)
        write(surface, line, (panel.x + 28, panel.y + 24 + 28 * number), colour, size)


def _veil(surface: pygame.Surface, panel: pygame.Rect) -> None:
    veil = pygame.Surface(surface.get_size(), pygame.SRCALPHA)
    veil.fill((*PAPER, 150))
    surface.blit(veil, (0, 0))
    pygame.draw.rect(surface, PANEL, panel, border_radius=10)
    pygame.draw.rect(surface, LINE, panel, 1, border_radius=10)
