"""Draws a preview: pictures with their truth, the plan with everybody's ways, the incidents over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from scenarios.camera import Camera
from scenarios.truth import IncidentTruth
from sim.render.compositor import Shot
from sim.state import OBJECT_KINDS, POSTURES

if TYPE_CHECKING:
    from dashboard.preview import Preview, Still

__all__ = ["draw_sheet"]

_WIDTH: Final = 1920
_GAP: Final = 12
_PAPER: Final = (14, 19, 23)
_PANEL: Final = (22, 29, 35)
_LINE: Final = (52, 64, 75)
_TEXT: Final = (232, 238, 243)
_QUIET: Final = (150, 166, 180)
_PERSON: Final = (92, 196, 245)
_BAG: Final = (255, 171, 74)
_THING: Final = (170, 182, 192)
_TAKES_PART: Final = (255, 92, 92)
_HEAD: Final = (255, 236, 92)
_FLOOR: Final = (44, 54, 63)
_SOLID: Final = (96, 110, 122)
_CAMERAS: Final = ((127, 217, 154), (201, 155, 245), (245, 217, 110), (110, 190, 245))
_SCALE: Final = 2
"""Small drawings are made at this multiple and reduced: their lines come out smooth."""
_PLAN_HEIGHT: Final = 470
_STRIP_HEIGHT: Final = 30
_NAMED_PX: Final = 26
"""Boxes lower than this on the sheet carry no words."""


def draw_sheet(preview: Preview) -> Image.Image:
    """Return the sheet, RGB."""
    cameras = len(preview.scenario.cameras)
    stills = preview.stills
    columns = min(len(stills), 3 if cameras == 1 else len(stills))
    rows = -(-len(stills) // columns)
    wide = (_WIDTH - _GAP * (columns + 1)) // columns
    sizes = [round(wide * c.resolution_px[1] / c.resolution_px[0]) for c in preview.scenario.cameras]
    heads = 78
    below = heads + rows * sum(size + _STRIP_HEIGHT + _GAP for size in sizes)
    sheet = Image.new("RGB", (_WIDTH, below + _PLAN_HEIGHT + 2 * _GAP), _PAPER)
    draw = ImageDraw.Draw(sheet)
    _title(draw, preview)
    takes_part = {i: incident for incident in preview.incidents for i in (*incident.person_ids, *incident.object_ids)}
    y = heads
    for row in range(rows):
        for number, high in enumerate(sizes):
            for column, still in enumerate(stills[row * columns : (row + 1) * columns]):
                x = _GAP + column * (wide + _GAP)
                picture = _picture(still, number, wide, high, takes_part)
                sheet.paste(picture, (x, y + _STRIP_HEIGHT))
                label = f"{row * columns + column + 1}"
                _badge(draw, x, y + 3, label)
                words = f"{preview.scenario.cameras[number].id}   {still.world.time_s:.1f} s"
                draw.text((x + 34, y + 5), words, _TEXT, _font(17))
                shown = _shown(still.shots[number])
                draw.text((x + wide, y + 7), shown, _QUIET, _font(14), anchor="ra")
            y += high + _STRIP_HEIGHT + _GAP
    plan_wide = round(_WIDTH * 0.5)
    sheet.paste(_plan(preview, plan_wide - _GAP, _PLAN_HEIGHT), (_GAP, below))
    sheet.paste(_timeline(preview, _WIDTH - plan_wide - 2 * _GAP, _PLAN_HEIGHT), (plan_wide + _GAP, below))
    return sheet


def _title(draw: Any, preview: Preview) -> None:
    scenario = preview.scenario
    draw.text((_GAP, 10), scenario.title, _TEXT, _font(28))
    facts = (
        f"{scenario.name}   seed {scenario.seed}   {scenario.duration_s:g} s at {scenario.fps:g} pictures/s   "
        f"{len(scenario.cameras)} camera{'s' if len(scenario.cameras) > 1 else ''}   "
        f"{int(preview.people.max(initial=0))} people at most"
    )
    draw.text((_GAP, 48), facts, _QUIET, _font(17))
    x = _WIDTH - _GAP
    key = (("takes part", _TAKES_PART), ("top of head", _HEAD), ("bag", _BAG), ("person", _PERSON))
    for words, colour in key:
        draw.text((x, 48), words, _QUIET, _font(16), anchor="ra")
        x -= draw.textlength(words, _font(16)) + 22
        draw.rectangle((x, 51, x + 14, 63), fill=colour)
        x -= 18
    draw.text(
        (_WIDTH - _GAP, 14), "solid: what can be seen   dashed: the whole body   line: who carries it", _QUIET,
        _font(16), anchor="ra",
    )  # fmt: skip


def _picture(still: Still, number: int, wide: int, high: int, takes_part: dict[int, IncidentTruth]) -> Image.Image:
    shot, world = still.shots[number], still.world
    image = cv2.cvtColor(shot.frame.image, cv2.COLOR_BGR2RGB)
    scale = _SCALE * wide / image.shape[1]
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    picture = Image.fromarray(cv2.resize(image, (wide * _SCALE, high * _SCALE), interpolation=way))
    draw = ImageDraw.Draw(picture)
    posture = {int(i): POSTURES[p].value for i, p in zip(world.people.id, world.people.posture, strict=True)}
    kind = {int(i): OBJECT_KINDS[k].value for i, k in zip(world.objects.id, world.objects.kind, strict=True)}
    carrier = {int(i): int(c) for i, c in zip(world.objects.id, world.objects.carried_by, strict=True)}
    boxes = shot.boxes
    middle = {}
    for k in np.argsort(boxes.visibility, kind="stable"):
        who = int(boxes.id[k])
        whole, seen = boxes.whole_px[k] * scale, boxes.visible_px[k] * scale
        colour = _TAKES_PART if who in takes_part else _BAG if carrier.get(who) is not None else _PERSON
        if who in kind and who not in takes_part and carrier.get(who) == -1:
            colour = _BAG
        _dashed(draw, whole, colour)
        if np.isfinite(seen).all():
            draw.rectangle((*seen[:2], *np.maximum(seen[2:] - 1, seen[:2])), outline=colour, width=2)
            middle[who] = ((seen[0] + seen[2]) / 2, (seen[1] + seen[3]) / 2)
        if np.isfinite(seen).all() and (whole[3] - whole[1] > _NAMED_PX * _SCALE or who in takes_part):
            words = kind.get(who) or f"{who} {posture.get(who, '')}"
            if who in takes_part:
                words = takes_part[who].id if who in kind else str(who)
            _word(draw, seen[0], seen[1], words.replace("_", " "), colour)
    for who, by in carrier.items():
        if who in middle and by in middle:
            draw.line((*middle[who], *middle[by]), fill=_BAG, width=2)
    heads = shot.boxes.head_px
    for x, y in heads[np.isfinite(heads).all(axis=1) & (boxes.visibility > 0)]:
        at_x, at_y = (x + 0.5) * scale, (y + 0.5) * scale
        draw.ellipse((at_x - 3, at_y - 3, at_x + 3, at_y + 3), fill=_HEAD)
    return picture.resize((wide, high), Image.Resampling.LANCZOS)


def _shown(shot: Shot) -> str:
    seen = shot.boxes.visibility > 0
    bags = int((seen & shot.boxes.is_bag).sum())
    return f"{int(seen.sum()) - bags} people, {bags} objects in view"


def _plan(preview: Preview, wide: int, high: int) -> Image.Image:
    scenario, venue = preview.scenario, preview.scenario.venue
    s = _SCALE
    panel = Image.new("RGB", (wide * s, high * s), _PANEL)
    x0, y0, x1, y1 = venue.floor.bounds
    around = np.array([c.position_m[:2] for still in preview.stills for c in still.cameras]).reshape(-1, 2)
    x0, y0 = min(x0, *around[:, 0]) - 1.5, min(y0, *around[:, 1]) - 1.5
    x1, y1 = max(x1, *around[:, 0]) + 1.5, max(y1, *around[:, 1]) + 1.5
    scale = min((wide - 20) / (x1 - x0), (high - 20) / (y1 - y0)) * s
    left, top = (wide * s - (x1 - x0) * scale) / 2, (high * s - (y1 - y0) * scale) / 2

    def at(points: Any) -> list[tuple[float, float]]:
        return [(left + (p[0] - x0) * scale, top + (y1 - p[1]) * scale) for p in points]

    draw = ImageDraw.Draw(panel)
    draw.polygon(at(venue.floor.exterior.coords), fill=_FLOOR)
    _ways(panel, preview.ways_m, at)
    draw = ImageDraw.Draw(panel, "RGBA")
    for zone in venue.zones:
        draw.line(at([*zone.polygon, zone.polygon[0]]), fill=(*_QUIET, 110), width=s)
    for obstacle in venue.obstacles:
        draw.polygon(at(obstacle.polygon), fill=_SOLID)
    for gate in venue.gates:
        draw.line(at(gate.line), fill=(127, 217, 154) if gate.open else (255, 123, 123), width=3 * s)
    last = preview.stills[-1].world if preview.stills else None
    for number, spec in enumerate(scenario.cameras):
        colour = _CAMERAS[number % len(_CAMERAS)]
        seen = [still.cameras[number] for still in preview.stills]
        way = spec.track(np.linspace(0, scenario.duration_s, 120)).position_m if spec.path else np.empty((0, 3))
        _camera(draw, seen, spec.motion is not None, colour, at, spec.id, way)
    if last is not None:
        for x, y in at(last.people.position_m):
            draw.ellipse((x - 2.6 * s, y - 2.6 * s, x + 2.6 * s, y + 2.6 * s), fill=_PERSON)
        for x, y in at(last.objects.position_m[last.objects.carried_by < 0]):
            draw.rectangle((x - 2.4 * s, y - 2.4 * s, x + 2.4 * s, y + 2.4 * s), fill=_BAG)
    for incident in preview.incidents:
        ((x, y),) = at([incident.place_m])
        draw.line((x - 6 * s, y, x + 6 * s, y), fill=_TAKES_PART, width=2 * s)
        draw.line((x, y - 6 * s, x, y + 6 * s), fill=_TAKES_PART, width=2 * s)
        draw.text((x + 8 * s, y - 8 * s), incident.id.replace("_", " "), _TAKES_PART, _font(13 * s))
    metres = 10 if x1 - x0 > 25 else 5
    foot = high * s - 14 * s
    draw.line((14 * s, foot, 14 * s + metres * scale, foot), fill=_TEXT, width=2 * s)
    draw.text((14 * s, foot - 20 * s), f"{metres} m", _TEXT, _font(13 * s))
    if last is not None:
        draw.text(
            (wide * s - 12 * s, 10 * s), f"everybody at {last.time_s:.1f} s, and their ways", _QUIET, _font(14 * s),
            anchor="ra",
        )  # fmt: skip
    return panel.resize((wide, high), Image.Resampling.LANCZOS)


def _ways(panel: Image.Image, ways_m: NDArray[np.float64], at: Any) -> None:
    """Brighten the floor where people walked."""
    wide, high = panel.size
    trod = np.zeros((high, wide), np.float32)
    places = np.round(np.array(at(ways_m)).reshape(-1, 2)).astype(int)
    inside = (places >= 0).all(axis=1) & (places[:, 0] < wide) & (places[:, 1] < high)
    np.add.at(trod, (places[inside, 1], places[inside, 0]), 1.0)
    trod = np.asarray(cv2.GaussianBlur(trod, (0, 0), 3.2), np.float32)
    share = 0.75 * (
        1 - np.exp(-trod / max(float(np.quantile(trod[trod > 1e-4], 0.8)) if (trod > 1e-4).any() else 1.0, 1e-6))
    )
    mixed = (
        np.asarray(panel, np.float32) * (1 - share[..., None]) + np.array((38, 96, 128), np.float32) * share[..., None]
    )
    panel.paste(Image.fromarray(mixed.astype(np.uint8)))


def _camera(
    draw: Any, seen: list[Camera], moves: bool, colour: tuple[int, int, int], at: Any, name: str,
    way_m: NDArray[np.float64],
) -> None:  # fmt: skip
    """The ground that a camera shows at each still, and where it stands."""
    s = _SCALE
    shown = seen if moves else seen[:1]
    for camera in shown:
        ground = camera.footprint(70.0)
        if not ground.is_empty:
            corners = at(ground.exterior.coords)
            draw.polygon(corners, fill=(*colour, 16 if moves else 26))
            draw.line(corners, fill=(*colour, 130), width=s)
    places = at([camera.position_m[:2] for camera in shown])
    if len(way_m):
        draw.line(at(way_m), fill=colour, width=2 * s)
    for number, (x, y) in enumerate(places, 1):
        draw.ellipse((x - 5 * s, y - 5 * s, x + 5 * s, y + 5 * s), fill=colour)
        if len(way_m):
            draw.text((x, y), str(number), _PAPER, _font(8 * s), anchor="mm")
    if places:
        x, y = places[0]
        draw.text((x + 8 * s, y - 7 * s), name, colour, _font(14 * s))


def _timeline(preview: Preview, wide: int, high: int) -> Image.Image:
    s = _SCALE
    panel = Image.new("RGB", (wide * s, high * s), _PANEL)
    draw = ImageDraw.Draw(panel, "RGBA")
    end = preview.scenario.duration_s
    left, right = 16 * s, wide * s - 16 * s

    def x(time_s: float) -> float:
        return left + (right - left) * min(max(time_s / end, 0.0), 1.0)

    foot = high * s - 34 * s
    ceiling = foot - 130 * s
    most = max(int(preview.people.max(initial=1)), 1)
    curve = [(x(t), foot - (foot - ceiling) * n / most) for t, n in zip(preview.time_s, preview.people, strict=True)]
    draw.polygon([(left, foot), *curve, (curve[-1][0], foot)], fill=(*_PERSON, 46))
    draw.line(curve, fill=_PERSON, width=2 * s)
    draw.text((left, ceiling - 22 * s), f"people inside (at most {most})", _QUIET, _font(14 * s))
    step = next(k for k in (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 3600, 86400) if end / k <= 9)
    for tick in np.arange(0, end + 1e-6, step):
        draw.line((x(tick), foot, x(tick), foot + 5 * s), fill=_QUIET, width=s)
        draw.text((x(tick), foot + 8 * s), f"{tick:g} s", _QUIET, _font(13 * s), anchor="ma")
    draw.line((left, foot, right, foot), fill=_QUIET, width=s)
    for number, still in enumerate(preview.stills, 1):
        at = x(still.world.time_s)
        draw.line((at, 52 * s, at, foot), fill=(*_LINE, 220), width=s)
        draw.ellipse((at - 11 * s, 24 * s, at + 11 * s, 46 * s), fill=_TEXT)
        draw.text((at, 35 * s), str(number), _PAPER, _font(14 * s), anchor="mm")
    room = ceiling - 30 * s - 62 * s
    each = min(36 * s, room / max(len(preview.incidents), 1))
    for row, incident in enumerate(preview.incidents):
        y = 62 * s + row * each
        start, stop = x(incident.start_s), x(end if incident.end_s is None else incident.end_s)
        draw.rectangle((start, y, max(stop, start + 3 * s), y + each * 0.72), fill=(*_TAKES_PART, 120))
        words = f"{incident.kind.value.replace('_', ' ')}: {incident.id.replace('_', ' ')}  {incident.start_s:.1f} s"
        anchor, place = ("lm", start + 6 * s) if start < (left + right) * 0.55 else ("rm", stop - 6 * s)
        draw.text((place, y + each * 0.36), words, _TEXT, _font(14 * s), anchor=anchor)
    if not preview.incidents:
        draw.text((left, 64 * s), "no incidents", _QUIET, _font(15 * s))
    return panel.resize((wide, high), Image.Resampling.LANCZOS)


def _badge(draw: Any, x: float, y: float, words: str) -> None:
    draw.ellipse((x, y, x + 23, y + 23), fill=_TEXT)
    draw.text((x + 11.5, y + 11.5), words, _PAPER, _font(15), anchor="mm")


def _word(draw: Any, x: float, y: float, words: str, colour: tuple[int, int, int]) -> None:
    font = _font(11 * _SCALE)
    box = draw.textbbox((x, y - 2), words, font, anchor="lb")
    draw.rectangle((box[0] - 3, box[1] - 2, box[2] + 3, box[3] + 2), fill=_PAPER)
    draw.text((x, y - 2), words, colour, font, anchor="lb")


def _dashed(draw: Any, box: NDArray[np.float64], colour: tuple[int, int, int]) -> None:
    x1, y1, x2, y2 = (float(v) for v in box)
    for ax, ay, bx, by in ((x1, y1, x2, y1), (x1, y2, x2, y2), (x1, y1, x1, y2), (x2, y1, x2, y2)):
        length = max(abs(bx - ax), abs(by - ay))
        for start in np.arange(0.0, min(length, 6000.0), 9.0):
            a, b = start / length, min(start + 4.0, length) / length
            draw.line((ax + (bx - ax) * a, ay + (by - ay) * a, ax + (bx - ax) * b, ay + (by - ay) * b), fill=colour)


def _font(size: float) -> Any:
    return ImageFont.load_default(size)
