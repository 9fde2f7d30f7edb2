"""A real picture as the place: the plate of an empty scene, its calibration, what stands in it, and its light."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import Field, TypeAdapter, ValidationError, model_validator
from shapely import Polygon

from scenarios.beside import Beside, FileName
from scenarios.calibrated import Calibrated, LookAt, Matrix, Tsai
from scenarios.camera import Camera
from scenarios.entry import Entry, Id, Ring

__all__ = ["Occluder", "Plate", "PlateLight", "calibrated_camera"]

_Pixel = tuple[Annotated[float, Field(ge=-10_000, le=20_000)], Annotated[float, Field(ge=-10_000, le=20_000)]]
_Gain = Annotated[float, Field(ge=0.05, le=4)]
_Level = Annotated[float, Field(ge=-128, le=128)]

_CALIBRATED: Final[TypeAdapter[LookAt | Matrix | Tsai]] = TypeAdapter(Calibrated)


class Occluder(Entry):
    """Something in the plate that hides who walks behind it.

    Either as it is seen (``polygon_px``, standing upright where ``foot_px`` meets the ground) or as it stands
    (``polygon_m`` on the floor, from ``base_m`` up to ``height_m``).

    Attributes:
        polygon_px: Corners of its silhouette in the picture.
        foot_px: Where it meets the ground; the lowest corner where not given.
        polygon_m: Its outline on the floor.
        height_m: How high its upper side is.
        base_m: How high its underside is.
    """

    id: Id
    polygon_px: Annotated[list[_Pixel], Field(min_length=3)] | None = None
    foot_px: _Pixel | None = None
    polygon_m: Ring | None = None
    height_m: Annotated[float, Field(gt=0, le=100)] | None = None
    base_m: Annotated[float, Field(ge=0, le=100)] = 0.0

    @model_validator(mode="after")
    def _one_way(self) -> Occluder:
        if (self.polygon_px is None) == (self.polygon_m is None):
            raise ValueError("should have either polygon_px (with foot_px) or polygon_m (with height_m)")
        if self.polygon_m is not None and self.height_m is None:
            raise ValueError("polygon_m needs height_m")
        if self.height_m is not None and self.height_m <= self.base_m:
            raise ValueError("height_m: should be above base_m")
        if self.polygon_px is not None:
            if self.height_m is not None or self.base_m:
                raise ValueError("polygon_px: is the silhouette itself and takes no height_m or base_m")
            if Polygon(self.polygon_px).area <= 0:
                raise ValueError("polygon_px: encloses no area")
        return self

    @property
    def stands_at_px(self) -> tuple[float, float]:
        """Where a silhouette meets the ground."""
        assert self.polygon_px is not None
        return self.foot_px or max(self.polygon_px, key=lambda corner: corner[1])


class PlateLight(Entry):
    """The light and the camera of the plate: what figures must take on to belong into it.

    ``parvis plate`` estimates all of it from footage.

    Attributes:
        sun_azimuth_deg: Where the light comes from, clockwise from north.
        sun_elevation_deg: How high it stands.
        shadow: Depth of the shadows, 0 (overcast) to 1.
        blur_px: Standard deviation of the camera's point spread, beyond that of a pixel.
        sharpen: How much the camera sharpens: amount of an unsharp mask of 1 px.
        gain_bgr: Factors on the colours of figures: exposure, contrast and colour cast.
        black_bgr: What the camera makes of black; below zero where it crushes dark tones.
        noise: Standard deviation of its temporal noise, in grey levels.
    """

    sun_azimuth_deg: Annotated[float, Field(ge=0, lt=360)] = 180.0
    sun_elevation_deg: Annotated[float, Field(ge=5, le=90)] = 60.0
    shadow: Annotated[float, Field(ge=0, le=1)] = 0.1
    blur_px: Annotated[float, Field(ge=0, le=8)] = 0.5
    sharpen: Annotated[float, Field(ge=0, le=3)] = 0.0
    gain_bgr: tuple[_Gain, _Gain, _Gain] = (1.0, 1.0, 1.0)
    black_bgr: tuple[_Level, _Level, _Level] = (0.0, 0.0, 0.0)
    noise: Annotated[float, Field(ge=0, le=30)] = 1.0


class Plate(Beside):
    """A picture of the empty scene that takes the place of a drawn backdrop.

    Attributes:
        image: The picture, of the size that the calibration is for.
        calibration: The camera: a table as in a calibration file, or the name of such a file.
        occluders: What hides people, beside the venue's obstacles, which hide them too.
        light: Its light and its camera.
    """

    image: FileName
    calibration: Calibrated
    occluders: list[Occluder] = []
    light: PlateLight = PlateLight()

    @property
    def file_name(self) -> str:
        """The path as written."""
        return self.image

    @classmethod
    def _file_key(cls) -> str:
        return "image"

    @model_validator(mode="after")
    def _unique(self) -> Plate:
        ids = [o.id for o in self.occluders]
        double = next((i for i in ids if ids.count(i) > 1), None)
        if double is not None:
            raise ValueError(f"occluders: the id '{double}' is used twice")
        return self


def calibrated_camera(raw_calibration: Any) -> Camera | None:
    """Return the camera of a calibration table as it was read, or None where the table is wrong."""
    try:
        spec = _CALIBRATED.validate_python(raw_calibration)
    except ValidationError:
        return None
    return spec.build()
