"""The window: keys and mouse to acts of a session, the session to pictures."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from dashboard.play.bars import (
    BOTTOM_PX,
    TOP_PX,
    Status,
    draw_help,
    draw_legend,
    draw_question,
    draw_said,
    draw_status,
)  # fmt: skip
from dashboard.play.camera_view import CameraView
from dashboard.play.density import DensityField
from dashboard.play.look import pygame
from dashboard.play.pace import Pace
from dashboard.play.plan_view import PlanView, Seen
from dashboard.play.session import Place, Session, place_of
from scenarios.errors import ParvisError, ScenarioError
from scenarios.venue import MOVABLE, Obstacle

__all__ = ["Window", "open_display"]

_SIZE: Final = (1280, 800)
_FRAMES_PER_S: Final = 30
_BACK_S: Final = 5.0
_DRAGGED_PX: Final = 4
_TRAIL: Final = 150
_HELLO: Final = (
    "Space: go.  Click a gate, drag a barrier, click a person to follow.  B bag, F fall, U surge, D density."
)


def open_display(size: tuple[int, int] = _SIZE) -> pygame.Surface:
    """Open the window.

    Raises:
        ParvisError: There is no display.
    """
    try:
        pygame.display.init()
        named = pygame.display.get_driver()
        if named in ("dummy", "offscreen") and os.environ.get("SDL_VIDEODRIVER") != named:
            raise pygame.error(f"only '{named}'")
        return pygame.display.set_mode(size, pygame.RESIZABLE)
    except pygame.error as error:
        raise ParvisError(
            f"play: there is no display to open a window on ({error}); run it on a desktop or under xvfb-run, "
            "or look at the scenario with `parvis plan` and `parvis film --preview`"
        ) from None


class Window:
    """One session in one window.

    Attributes:
        session: What is played.
        pace: How fast.
        said: What was said last.
        open: False once the user has quit.
    """

    def __init__(self, session: Session, surface: pygame.Surface, out: Path, *, save_on_quit: bool = False) -> None:
        """Show the plan, paused at the start.

        Args:
            session: What is played.
            surface: The window's.
            out: Where the played scenario is saved.
            save_on_quit: Save without a question when the window is closed.
        """
        self.session, self.pace, self.open = session, Pace(), True
        self._surface, self._out, self._save_on_quit = surface, out, save_on_quit
        self._bad, self.said = False, _HELLO
        self._help = self._asks = self._shows_density = False
        self.followed: int | None = None
        self._trail: list[Place] = []
        self._view = 0
        self._cameras: dict[int, CameraView] = {}
        self._held: tuple[Obstacle, tuple[int, int], Place] | None = None
        self._dragged: Obstacle | None = None
        self._pictures = 0
        self._mouse = surface.get_rect().center
        self._lay_out()
        self._changed()

    def run(self) -> None:
        """Play until the window is closed."""
        ticks = pygame.time.Clock()
        while self.open:
            for event in pygame.event.get():
                self.handle(event)
            if not (self._help or self._asks):
                self.advance()
            self.draw()
            pygame.display.flip()
            ticks.tick(_FRAMES_PER_S)

    def advance(self) -> None:
        """Do the steps that are due."""
        if self.pace.run(self.session.step, self.session.scenario.step_s):
            self._changed()

    def handle(self, event: pygame.Event) -> None:
        """Do what a key or the mouse asks for; what cannot be done is said at the bottom."""
        try:
            if event.type == pygame.QUIT:
                self._quit()
            elif event.type == pygame.VIDEORESIZE:
                self._surface = pygame.display.get_surface() or self._surface
                self._lay_out()
            elif event.type == pygame.KEYDOWN:
                self._key(event)
            elif self._help or self._asks:
                return
            elif event.type == pygame.MOUSEMOTION:
                self._move_mouse(event.pos)
            elif event.type == pygame.MOUSEBUTTONDOWN and event.button == 1:
                self._press(event.pos)
            elif event.type == pygame.MOUSEBUTTONUP and event.button == 1:
                self._release(event.pos)
        except ScenarioError as error:
            self._say(f"{str(error)[:1].upper()}{str(error)[1:]}.", bad=True)

    def draw(self) -> None:
        """Draw everything."""
        surface, session = self._surface, self.session
        if self._view == 0:
            self._plan.draw(surface, self._world, self._seen())
        else:
            self._camera().draw(surface, self.followed)
        draw_status(surface, self.status())
        draw_said(surface, self.said, bad=self._bad)
        if self._shows_density and self._view == 0:
            draw_legend(surface)
        if self._help:
            draw_help(surface)
        if self._asks:
            count = len(session.acts)
            what = "1 thing was done and is" if count == 1 else f"{count} things were done and are"
            draw_question(
                surface,
                (f"Save to {self._out.name}?", f"{what} not saved.", "Y  save and quit      N  quit      Esc  go on"),
            )

    def status(self) -> Status:
        """Return what the line at the top says."""
        session, scenario = self.session, self.session.scenario
        return Status(
            name=scenario.name,
            seed=scenario.seed,
            time_s=session.time_s,
            duration_s=scenario.duration_s,
            paused=self.pace.paused,
            asked=self.pace.asked,
            reached=self.pace.reached,
            people=len(session.crowd.people),
            left=len(session.crowd.left),
            densest_per_m2=self._densest[0],
            densest_m=self._densest[1],
            acts=len(session.acts),
            unsaved=session.unsaved,
            view="plan" if self._view == 0 else f"camera {scenario.cameras[self._view - 1].id.replace('_', ' ')}",
        )

    def _lay_out(self) -> None:
        wide, high = self._surface.get_size()
        self._area = pygame.Rect(0, TOP_PX, wide, max(80, high - TOP_PX - BOTTOM_PX))
        self._plan = PlanView(self.session.scenario, self._area)
        self._cameras.clear()
        self._solids: list[Obstacle] | None = None

    def _changed(self) -> None:
        """Take in a new instant."""
        session = self.session
        self._world = session.crowd.snapshot()
        venue = session.crowd.routes.venue
        if self._solids != venue.obstacles:
            self._solids, self._field = venue.obstacles, DensityField(venue)
        self._density = self._field.of(self._world.people.position_m)
        self._densest = self._field.densest(self._density)
        self._takes_part = frozenset(
            i for truth in session.crowd.incidents_truth() for i in (*truth.person_ids, *truth.object_ids)
        )
        if self.followed is not None:
            at = place_of(session.crowd, self.followed)
            if at is None:
                self._say(f"Person {self.followed} has left.")
                self.followed = None
            else:
                self._trail = [*self._trail[-_TRAIL:], at]
        if self._view and self._view in self._cameras:
            self._cameras[self._view].look(self._world)

    def _seen(self) -> Seen:
        venue = self.session.venue
        over = self._plan.gate_at(self._mouse, venue)
        if over is None and (solid := self._plan.obstacle_at(self._mouse, venue)) is not None and solid.kind in MOVABLE:
            over = solid.id
        return Seen(
            venue=venue,
            density_per_m2=self._density if self._shows_density else None,
            densest_m=self._densest[1] if self._densest[0] > 0 else None,
            followed=self.followed,
            trail_m=tuple(self._trail) if self.followed is not None else (),
            takes_part=self._takes_part,
            dragged=self._dragged,
            over=over,
        )

    def _key(self, event: pygame.Event) -> None:
        key = event.key
        if self._asks:
            self._answer(key)
        elif key in (pygame.K_h, pygame.K_F1):
            self._help = not self._help
        elif self._help:
            self._help = key not in (pygame.K_ESCAPE, pygame.K_q)
        elif pygame.K_0 <= key <= pygame.K_9:
            self._show(key - pygame.K_0)
        else:
            act = self._acts().get(key)
            if act is not None:
                act()

    def _acts(self) -> dict[int, Callable[[], None]]:
        return {
            pygame.K_SPACE: self._pause,
            pygame.K_PERIOD: self._one_step,
            pygame.K_RIGHT: self._one_step,
            pygame.K_PLUS: lambda: self._speed(1),
            pygame.K_EQUALS: lambda: self._speed(1),
            pygame.K_KP_PLUS: lambda: self._speed(1),
            pygame.K_MINUS: lambda: self._speed(-1),
            pygame.K_KP_MINUS: lambda: self._speed(-1),
            pygame.K_LEFT: self._back,
            pygame.K_z: self._undo,
            pygame.K_TAB: lambda: self._show((self._view + 1) % (len(self.session.scenario.cameras) + 1)),
            pygame.K_d: self._turn_density,
            pygame.K_ESCAPE: self._follow_nobody,
            pygame.K_b: self._drop_bag,
            pygame.K_f: self._make_fall,
            pygame.K_u: self._start_surge,
            pygame.K_s: self._save,
            pygame.K_p: self._picture,
            pygame.K_q: self._quit,
        }

    def _say(self, text: str, *, bad: bool = False) -> None:
        self.said, self._bad = text, bad

    def _pause(self) -> None:
        if self.session.ended:
            raise ScenarioError("the scenario is over; go back with Left or Z, or play it longer: --set duration_s=...")
        self.pace.pause(paused=not self.pace.paused)
        self._say("Paused." if self.pace.paused else "Goes on.")

    def _one_step(self) -> None:
        self.pace.pause(paused=True)
        self.session.step()
        self._changed()
        self._say(f"One step of {self.session.scenario.step_s:g} s.")

    def _speed(self, by: int) -> None:
        self.pace.change(by)
        self._say("As fast as it goes." if self.pace.asked == np.inf else f"{self.pace.asked:g} times real time.")

    def _back(self) -> None:
        self._wait("Going back ...")
        self.session.go_back(_BACK_S)
        self._after_jump()
        self._say(f"Back at {self.session.time_s:.2f} s; what was done after that is going to happen again.")

    def _undo(self) -> None:
        self._wait("Taking it back ...")
        act = self.session.undo()
        if act is None:
            raise ScenarioError("nothing was done that could be taken back")
        self._after_jump()
        self._say(f"Taken back: {act.id.replace('_', ' ')}; back at {self.session.time_s:.2f} s.")

    def _after_jump(self) -> None:
        self.pace.pause(paused=True)
        self._trail = []
        self._changed()

    def _wait(self, text: str) -> None:
        """Say that something takes a while, at once."""
        self._say(text)
        draw_said(self._surface, self.said, bad=False)
        if pygame.display.get_init() and pygame.display.get_surface() is self._surface:
            pygame.display.flip()

    def _show(self, view: int) -> None:
        cameras = self.session.scenario.cameras
        if view > len(cameras):
            known = "1 camera" if len(cameras) == 1 else f"{len(cameras)} cameras"
            raise ScenarioError(f"there is no camera {view}: this scenario has {known}")
        self._view = view
        if view:
            self._camera().look(self._world)

    def _camera(self) -> CameraView:
        if self._view not in self._cameras:
            spec = self.session.scenario.cameras[self._view - 1]
            self._wait(f"Looking through camera {spec.id} ...")
            self._cameras[self._view] = CameraView(self.session.scenario, spec.id, self._area)
            self._cameras[self._view].look(self._world)
            self._say(f"Camera {spec.id}: click a person to follow; 0 shows the plan.")
        return self._cameras[self._view]

    def _turn_density(self) -> None:
        self._shows_density = not self._shows_density
        self._say("Density." if self._shows_density else "No density.")

    def _follow(self, person: int) -> None:
        self.followed, self._trail = person, []
        self._say(f"Following person {person}: B puts a bag down, F falls, Esc follows nobody.")

    def _follow_nobody(self) -> None:
        self.followed = None
        self._say("Following nobody.")

    def _place(self) -> Place:
        """Where the mouse points to on the floor."""
        at = self._plan.paper.m(self._mouse) if self._view == 0 else self._camera().place_at(self._mouse)
        if at is None or not self._area.collidepoint(self._mouse):
            raise ScenarioError("the mouse points to no place on the floor")
        return float(at[0]), float(at[1])

    def _whom(self) -> tuple[Place, str]:
        """Where the followed person is, or the mouse points to; and who that is in words."""
        at = None if self.followed is None else place_of(self.session.crowd, self.followed)
        return (self._place(), "whoever walks nearest") if at is None else (at, f"person {self.followed}")

    def _drop_bag(self) -> None:
        at, who = self._whom()
        self.session.drop_bag(at)
        self._say(f"A bag will be put down at {at[0]:.1f}, {at[1]:.1f} m by {who}.")

    def _make_fall(self) -> None:
        at, who = self._whom()
        self.session.make_fall(at)
        self._say(f"{who[:1].upper()}{who[1:]} falls, at {at[0]:.1f}, {at[1]:.1f} m.")

    def _start_surge(self) -> None:
        at = self._place()
        self.session.start_surge(at)
        self._say(f"Everybody within 10 m of {at[0]:.1f}, {at[1]:.1f} m runs to the nearest open exit.")

    def _save(self) -> None:
        self.session.save(self._out)
        self._say(f"Saved: {self._out}. The same bits again: parvis plan {self._out}")

    def _picture(self) -> None:
        self._pictures += 1
        path = self._out.with_name(f"{self._out.stem}-{self._pictures}.png")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            pygame.image.save(self._surface, str(path))
        except (OSError, pygame.error) as error:
            raise ScenarioError(f"{path}: cannot be written ({error})") from None
        self._say(f"Picture: {path}")

    def _quit(self) -> None:
        if not self.session.unsaved:
            self.open = False
        elif self._save_on_quit:
            self._save()
            self.open = False
        else:
            self._asks = True

    def _answer(self, key: int) -> None:
        self._asks = key not in (pygame.K_ESCAPE, pygame.K_y, pygame.K_n)
        if key == pygame.K_y:
            self._save()
        self.open = key not in (pygame.K_y, pygame.K_n)

    def _move_mouse(self, at_px: tuple[int, int]) -> None:
        self._mouse = at_px
        if self._held is None:
            return
        obstacle, pressed, grip = self._held
        if self._dragged is not None or np.hypot(*np.subtract(at_px, pressed)) > _DRAGGED_PX:
            x, y = self._plan.paper.m(at_px)
            self._dragged = obstacle.at((x - grip[0], y - grip[1]))

    def _press(self, at_px: tuple[int, int]) -> None:
        self._mouse = at_px
        if self._view:
            person = self._camera().person_at(at_px)
            if person is not None:
                self._follow(person)
            return
        venue = self.session.venue
        person = self._plan.person_at(at_px, self._world)
        gate = self._plan.gate_at(at_px, venue)
        solid = self._plan.obstacle_at(at_px, venue)
        if gate is not None:
            self._wait("Looking for other ways ...")
            is_open = self.session.turn_gate(gate)
            self._say(f"Gate {gate.replace('_', ' ')} is {'open' if is_open else 'closed'}.")
        elif solid is not None and solid.kind in MOVABLE:
            x, y = self._plan.paper.m(at_px)
            middle = solid.shape.centroid
            self._held = (solid, at_px, (x - middle.x, y - middle.y))
        elif person is not None:
            self._follow(person)
        elif solid is not None:
            raise ScenarioError(f"'{solid.id}' is a {solid.kind.value} and stays where it is")

    def _release(self, at_px: tuple[int, int]) -> None:
        self._move_mouse(at_px)
        held, dragged = self._held, self._dragged
        self._held = self._dragged = None
        if held is None or dragged is None:
            return
        self._wait("Looking for other ways ...")
        middle = dragged.shape.centroid
        self.session.move(dragged.id, (middle.x, middle.y))
        self._say(f"Moved {dragged.id.replace('_', ' ')} to {middle.x:.1f}, {middle.y:.1f} m.")
