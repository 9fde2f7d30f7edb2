"""What really happened: written by the simulator or an annotator, read by the scorer and by nobody else.

Tables are Arrow tables; their columns, one row a person (object, box) and instant:

==========  ====================================================================================
people      time_s f8, id i4, x_m f8, y_m f8, vx_mps f4, vy_mps f4, posture str, role str, body str,
            group i4 (number of the group that stays together, -1: alone)
objects     time_s f8, id i4, kind str, x_m f8, y_m f8, carried_by i4 (-1: nobody), owner i4 (-1: nobody's)
boxes       camera str, frame i4 (from 0), time_s f8, id i4, cls str ("person", "bag", "thing", "fire", "smoke"),
            x1 y1 x2 y2 f4 (the whole body, also where hidden or outside the picture),
            vx1 vy1 vx2 vy2 f4 (what can be seen of it; nan where nothing can),
            visibility f4 (share of the whole body's pixels that can be seen), x_m f4, y_m f4 (feet)
heads       camera str, frame i4, id i4, x f4, y f4 (where the highest place of the head is seen, hair and hat
            included, of who lies the end of the head; from the centre of the upper left pixel; also where it is
            hidden or outside the picture), seen bool (whether it can be seen)
looks       one row a person: id i4, body str, figure str (of the atlas), skin_tone str (``SKIN_TONES``),
            skin_ita_deg f4 (individual typology angle), upper str, lower str, hair str (names of colours, "none" where
            there is none; upper: cloth on trunk and arms; lower: cloth below the hips), headwear str ("none", or cap,
            beanie, hat, hood, scarf), and of each of skin, upper, lower, hair, headwear the mean sRGB before any light:
            skin_r skin_g skin_b u1 and so on, null where there is none; of figures, never of real people
==========  ====================================================================================

Ids are unique over people and objects of one run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from scenarios.errors import RecordingError
from scenarios.incident import IncidentKind

__all__ = [
    "BOXES", "HEADS", "LOOKS", "OBJECTS", "PEOPLE", "SKIN_TONES", "GroundTruth", "IncidentTruth", "column",
]  # fmt: skip

_TABLES: Final = ("people", "objects", "boxes", "heads", "looks")
SKIN_TONES: Final = ("very_light", "light", "intermediate", "tan", "brown", "dark")
"""Groups by the individual typology angle: above 55, 41, 28, 10, -30 degrees, and below."""

PEOPLE: Final = pa.schema(
    [
        ("time_s", pa.float64()),
        ("id", pa.int32()),
        ("x_m", pa.float64()),
        ("y_m", pa.float64()),
        ("vx_mps", pa.float32()),
        ("vy_mps", pa.float32()),
        ("posture", pa.string()),
        ("role", pa.string()),
        ("body", pa.string()),
        ("group", pa.int32()),
    ]
)
OBJECTS: Final = pa.schema(
    [
        ("time_s", pa.float64()),
        ("id", pa.int32()),
        ("kind", pa.string()),
        ("x_m", pa.float64()),
        ("y_m", pa.float64()),
        ("carried_by", pa.int32()),
        ("owner", pa.int32()),
    ]
)
BOXES: Final = pa.schema(
    [("camera", pa.string()), ("frame", pa.int32()), ("time_s", pa.float64()), ("id", pa.int32()), ("cls", pa.string())]
    + [(name, pa.float32()) for name in ("x1", "y1", "x2", "y2", "vx1", "vy1", "vx2", "vy2")]
    + [("visibility", pa.float32()), ("x_m", pa.float32()), ("y_m", pa.float32())]
)
HEADS: Final = pa.schema(
    [
        ("camera", pa.string()),
        ("frame", pa.int32()),
        ("id", pa.int32()),
        ("x", pa.float32()),
        ("y", pa.float32()),
        ("seen", pa.bool_()),
    ]
)
LOOKS: Final = pa.schema(
    [("id", pa.int32()), ("body", pa.string()), ("figure", pa.string())]
    + [("skin_tone", pa.string()), ("skin_ita_deg", pa.float32())]
    + [(part, pa.string()) for part in ("upper", "lower", "hair", "headwear")]
    + [(f"{part}_{c}", pa.uint8()) for part in ("skin", "upper", "lower", "hair", "headwear") for c in "rgb"]
)


@dataclass(frozen=True, slots=True)
class IncidentTruth:
    """One incident as it really went.

    Attributes:
        id: Its id in the scenario.
        kind: What the world did.
        start_s: When it began: the bag touched the ground, the first person began to run.
        end_s: When it was over, or None if it lasted to the end of the footage.
        place_m: Where (x, y).
        person_ids: Who took part; for a bag, its owner first.
        object_ids: What took part.
        facts: Further instants and measures, named with their units, such as ``owner_left_s``.
    """

    id: str
    kind: IncidentKind
    start_s: float
    end_s: float | None
    place_m: tuple[float, float]
    person_ids: tuple[int, ...]
    object_ids: tuple[int, ...]
    facts: Mapping[str, float | None]


@dataclass(frozen=True, slots=True, eq=False)
class GroundTruth:
    """All that is known to be true of one recording; a part that nobody annotated is None, not empty.

    Attributes:
        duration_s: Length of the footage that it speaks of.
        people: Table ``PEOPLE`` or None.
        objects: Table ``OBJECTS`` or None.
        boxes: Table ``BOXES`` or None.
        incidents: What happened, or None where nobody looked for incidents.
        heads: Table ``HEADS`` or None.
        looks: Table ``LOOKS`` or None.
    """

    duration_s: float
    people: pa.Table | None
    objects: pa.Table | None
    boxes: pa.Table | None
    incidents: tuple[IncidentTruth, ...] | None
    heads: pa.Table | None = None
    looks: pa.Table | None = None

    def save(self, folder: Path) -> None:
        """Write every table that there is as Parquet, and ``incidents.json``, into ``folder``."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in _TABLES:
            table = getattr(self, name)
            if table is not None:
                pq.write_table(table, folder / f"{name}.parquet", compression="zstd")
        known = None if self.incidents is None else [asdict(i) for i in self.incidents]
        text = json.dumps({"duration_s": self.duration_s, "incidents": known}, indent=1)
        (folder / "incidents.json").write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> GroundTruth:
        """Read what ``save`` wrote.

        Raises:
            RecordingError: The folder holds no truth, or one that cannot be read.
        """
        path = folder / "incidents.json"
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
            known = raw["incidents"]
            tables = {
                name: pq.read_table(folder / f"{name}.parquet") if (folder / f"{name}.parquet").exists() else None
                for name in _TABLES
            }
            return cls(
                duration_s=float(raw["duration_s"]),
                incidents=None if known is None else tuple(_incident(i) for i in known),
                **tables,
            )
        except FileNotFoundError:
            raise RecordingError(f"{folder}: holds no ground truth ({path.name} is missing)") from None
        except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
            raise RecordingError(f"{folder}: its ground truth cannot be read ({error})") from None


def column(table: pa.Table, name: str) -> NDArray[Any]:
    """Return one column as a numpy array; strings become an object array."""
    return np.asarray(table.column(name).to_numpy())


def _incident(raw: dict[str, Any]) -> IncidentTruth:
    return IncidentTruth(
        id=raw["id"],
        kind=IncidentKind(raw["kind"]),
        start_s=raw["start_s"],
        end_s=raw["end_s"],
        place_m=(raw["place_m"][0], raw["place_m"][1]),
        person_ids=tuple(raw["person_ids"]),
        object_ids=tuple(raw["object_ids"]),
        facts=raw["facts"],
    )
