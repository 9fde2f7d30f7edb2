"""A picture in which a person points: the place of the click, to a fraction of a pixel, with a magnifier at hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import streamlit as st

__all__ = ["Line", "Mark", "point_in"]

_HTML = '<div class="frame"><img alt=""><svg></svg><canvas width="168" height="168"></canvas></div>'
_CSS = """
.frame { position: relative; line-height: 0; border: 1px solid #2c3843; border-radius: 6px; overflow: hidden;
  background: #05080a; cursor: crosshair; }
img { width: 100%; height: auto; user-select: none; -webkit-user-drag: none; }
svg { position: absolute; inset: 0; width: 100%; height: 100%; pointer-events: none; }
canvas { position: absolute; width: 168px; height: 168px; border: 2px solid #5cc4f5; border-radius: 50%;
  pointer-events: none; display: none; background: #05080a; }
text { font-family: system-ui, sans-serif; font-weight: 700; paint-order: stroke; stroke: #05080a; }
"""
_JS = """
const NS = "http://www.w3.org/2000/svg";
const ZOOM = 6;
function make(tag, attributes, text) {
  const node = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  return node;
}
export default function ({ data, parentElement, setTriggerValue }) {
  const frame = parentElement.querySelector(".frame");
  const [img, svg, loupe] = ["img", "svg", "canvas"].map((name) => frame.querySelector(name));
  if (img.src !== data.src) img.src = data.src;
  img.alt = data.alt;
  svg.setAttribute("viewBox", `-0.5 -0.5 ${data.width} ${data.height}`);
  const unit = data.width / 100;
  const parts = data.lines.map((line) => make("polyline", {
    points: line.points.map((p) => p.join(",")).join(" "), fill: "none", stroke: line.color,
    "stroke-width": line.width * unit / 8, "stroke-opacity": line.opacity,
  }));
  for (const mark of data.marks) {
    parts.push(make("circle", { cx: mark.x, cy: mark.y, r: unit * 0.9, fill: "none", stroke: mark.color,
      "stroke-width": unit / 4 }));
    parts.push(make("circle", { cx: mark.x, cy: mark.y, r: unit / 8, fill: mark.color }));
    parts.push(make("text", { x: mark.x + unit * 1.2, y: mark.y - unit * 0.7, fill: mark.color,
      "font-size": unit * 2.2, "stroke-width": unit / 4 }, mark.label));
  }
  svg.replaceChildren(...parts);
  const where = (event) => {
    const box = img.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width * data.width, (event.clientY - box.top) / box.height * data.height];
  };
  frame.onclick = (event) => {
    const [x, y] = where(event);
    setTriggerValue("pointed", { x: x - 0.5, y: y - 0.5 });
  };
  frame.onpointerleave = () => { loupe.style.display = "none"; };
  frame.onpointermove = (event) => {
    if (event.pointerType === "touch" || !img.complete || !img.naturalWidth) return;
    const [x, y] = where(event);
    const box = frame.getBoundingClientRect();
    const size = loupe.width / ZOOM;
    const pen = loupe.getContext("2d");
    const scale = img.naturalWidth / data.width;
    pen.imageSmoothingEnabled = false;
    pen.clearRect(0, 0, loupe.width, loupe.height);
    pen.drawImage(img, (x - size / 2) * scale, (y - size / 2) * scale, size * scale, size * scale,
      0, 0, loupe.width, loupe.height);
    pen.strokeStyle = "#5cc4f5";
    pen.beginPath();
    pen.moveTo(84, 0); pen.lineTo(84, 78); pen.moveTo(84, 90); pen.lineTo(84, 168);
    pen.moveTo(0, 84); pen.lineTo(78, 84); pen.moveTo(90, 84); pen.lineTo(168, 84);
    pen.stroke();
    const left = event.clientX - box.left, top = event.clientY - box.top;
    loupe.style.left = `${left + (left > box.width / 2 ? -196 : 24)}px`;
    loupe.style.top = `${Math.min(Math.max(top - 86, 0), Math.max(0, box.height - 176))}px`;
    loupe.style.display = "block";
  };
}
"""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place that was pointed at.

    Attributes:
        x: In pixels from the centre of the upper left one.
        y: The same, downwards.
        label: Its number.
        color: As CSS writes it.
    """

    x: float
    y: float
    label: str
    color: str = "#ffd84d"


@dataclass(frozen=True, slots=True)
class Line:
    """A line over the picture.

    Attributes:
        points: Corners (x, y) in pixels.
        color: As CSS writes it.
        width: 1 is thin.
        opacity: 0 to 1.
    """

    points: tuple[tuple[float, float], ...]
    color: str
    width: float = 1.0
    opacity: float = 1.0


@cache
def _component() -> Any:
    return st.components.v2.component("parvis.pointer", html=_HTML, css=_CSS, js=_JS)


def point_in(
    src: str,
    size_px: tuple[int, int],
    *,
    alt: str,
    key: str,
    marks: Sequence[Mark] = (),
    lines: Sequence[Line] = (),
) -> tuple[float, float] | None:
    """Show a picture and return where it was just clicked, in pixels from the centre of the upper left one.

    Args:
        src: Its address, or the picture itself as a data URI.
        size_px: Its width and height.
        alt: What it shows, in words.
        key: Name of this element on the page.
        marks: Places to mark.
        lines: Lines to draw over it.
    """
    shown = _component()(
        key=key,
        data={
            "src": src,
            "alt": alt,
            "width": size_px[0],
            "height": size_px[1],
            "marks": [asdict(mark) for mark in marks],
            "lines": [asdict(line) | {"points": [list(p) for p in line.points]} for line in lines],
        },
        on_pointed_change=lambda: None,
    )
    pointed = shown.pointed
    return None if pointed is None else (float(pointed["x"]), float(pointed["y"]))
