"""docs/density.md: what crowds are counted by, how far each way is off, and where the switch is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

__all__ = ["write_page"]

_NAMES: Final = {
    "background": "boxes: `background`",
    "oracle": "boxes: all who are seen to 30 %",
    "heads": "heads",
    "heads_of_seen": "heads, of who is seen",
    "both": "oracle's boxes and heads",
}
_HEAD: Final = """# Counting crowds

In a dense crowd people hide one another, and boxes run out: a camera that looks down 20 degrees sees somebody of 1.7
m cover 4.7 m of floor.
Heads are the last that is hidden.
`parvis-heads.onnx` ({megabytes:.1f} MB, 0.87 million weights, {crops} crops of drawn crowds, no real person) says how
many heads are to be expected in each cell of 8 x 8 pixels; put on a plane {plane} m above the floor and summed over a
zone, that is people.
It knows no persons, follows nobody, and needs no torch: ONNX Runtime runs it.

![Crowds of three densities, and where heads are expected](media/density.png)

```sh
parvis count data/vtest.avi --camera tests/reference/pets09_s2l1/camera.toml   # heads, and the density of each zone
parvis run station_hall_dwellers_v1 --set rule.density.count_by=both   # boxes where loose, heads where dense
parvis train-heads --recipe laptop --out runs/train_heads                      # makes such a network from nothing
```

## Who counts

In training: who has the head in the picture and is seen to at least {seen:.0%}; a head is a point at its highest place.
In the tables here: everybody whose feet are in the zone, however hidden. The column "hidden" says how many are seen
to less than 5 %: whoever counts what can be seen alone falls short by them.

## Our footage

`python -m benchmarks.counting --doc docs/density.md --picture docs/media/density.png`

{crowds} places that no training has seen (tiles, asphalt, terrazzo), each filled to every density, seen from a mast
of 6 m at 1280 x 720 looking down 20 or 35 degrees; a zone of 25 m² in the middle of the crowd.
Error: mean of |counted - true| over the true count. In brackets the bias: minus is too few.
"""
_SWITCH: Final = """
## The switch

`count_by = "both"` believes boxes as long as the density by heads is at most {switch:g} people/m², and heads above
(down to 80 % of it, once they are believed).
Heads are the better from {background} people/m² on against `background`, and from {oracle} on against an oracle that
finds everybody who is seen to 30 %: a bound for what any box detector can do.
Every density carries what it was counted by and the range in which that is valid: boxes up to {boxes_to:g} people/m²
(geometry), heads from {heads_from:g} to {heads_to:g} people/m² (from the table).
{why}
"""
_WHY: Final = """\
`count_by = "boxes"` stays the default: between 0.25 and 2 people/m² heads count a fifth to two fifths too many
(clothes, bags and limbs pass for heads), so an alarm near a limit of 1 to 2 people/m² would come too early.
Above 4 people/m² they fall short by about those who are hidden.
Together with the best boxes there can be, the error up to 1 person/m² is far from 5 %: at these angles people who are
seen to 30 % are themselves 16 % fewer than those who are there.
"""
_REAL: Final = """
## Real pictures

The Mall sample: {pictures} pictures of one camera, {people:.1f} people each on average, heads within its region.
Nothing of it was trained on. It is not wholly unseen, though: scores of four unfinished networks on it were looked at,
and made the crops of training come in more sizes and with empty photographs.
"Scale by plateau" is the scale around which the counts of five pictures
change least. The goal was a mean absolute error of 3.2, which regressors trained on this very camera reach: it is
missed, and a constant that knew the mean would do better. The network has seen real backgrounds, but no real person.

| | mean absolute error | bias | correlation |
| --- | --- | --- | --- |
"""


def write_page(path: Path, told: Mapping[str, Any], card: Mapping[str, Any], numbers: Mapping[str, float]) -> None:
    """Write the page.

    Args:
        path: Where to.
        told: What the benchmark found: ``by_density``, ``mall`` or None, ``switch_per_m2``, ``crowds``.
        card: Of the network.
        numbers: plane, boxes_to, heads_from, heads_to.
    """
    recipe = card["recipe"]
    text = _HEAD.format(
        megabytes=card["bytes"] / 1e6,
        crops=f"{recipe['steps'] * recipe['batch']:,}",
        plane=numbers["plane"],
        seen=recipe["min_visibility"],
        crowds=told["crowds"],
    )
    text += _table(told["by_density"])
    where = {way: "none" if at is None else f"{at:g}" for way, at in told["switch_per_m2"].items()}
    text += _SWITCH.format(
        switch=told["switch_per_m2"]["used"],
        background=where["background"],
        oracle=where["oracle"],
        boxes_to=numbers["boxes_to"],
        heads_from=numbers["heads_from"],
        heads_to=numbers["heads_to"],
        why=_WHY,
    )
    if told["mall"] is not None:
        text += _REAL.format(**told["mall"]) + _real_rows(told["mall"])
    path.write_text(text + _held_out(card), encoding="utf-8")


def _table(lines: Sequence[Mapping[str, Any]]) -> str:
    text = "\n| people/m² | in the zone | hidden | " + " | ".join(_NAMES.values()) + " |\n"
    text += "| --- " * (3 + len(_NAMES)) + "|\n"
    for line in lines:
        cells = (f"{line[way]['error']:.0%} ({line[way]['bias']:+.0%})" for way in _NAMES)
        text += f"| {line['per_m2']:g} | {line['people']:.0f} | {line['hidden']:.0%} | {' | '.join(cells)} |\n"
    return text


def _real_rows(mall: Mapping[str, Any]) -> str:
    text = ""
    for way, row in mall.items():
        if not isinstance(row, Mapping):
            continue
        scale = f" ({mall['plateau_scale']:g})" if way == "scale by plateau" else ""
        rest = f"{row['bias']:+.2f} | {row['correlation']:.2f}" if "bias" in row else "0 | 0"
        text += f"| {way}{scale} | {row['mae']:.2f} | {rest} |\n"
    return text


def _held_out(card: Mapping[str, Any]) -> str:
    scores = card["held_out"]
    text = (
        "\n## Held-out stills\n\nDrawn crowds of other seeds, with the same figures and renderer, under all weathers "
        f"and defects of cameras: off by {scores['mean_absolute_error']:.1f} people on average, of "
        f"{scores['people']:.1f}.\n"
    )
    text += (
        "\n| people in the picture | stills | mean | mean absolute error | bias |\n| --- | --- | --- | --- | --- |\n"
    )
    for name, row in scores.items():
        if isinstance(row, Mapping):
            least = name.removeprefix("from_")
            text += (
                f"| {least} and more | {row['stills']} | {row['people']:.1f} | {row['mean_absolute_error']:.1f} | "
                f"{row['bias']:+.1f} |\n"
            )
    return text
