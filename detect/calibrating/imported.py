"""Calibrations that others made: OpenCV's files (yml, json, xml by ``cv2.FileStorage``) and Tsai's in XML."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from scenarios.camera import Camera
from scenarios.errors import ScenarioError

__all__ = ["UNITS_M", "Imported", "import_calibration"]

Floats = NDArray[np.float64]

UNITS_M: Final = {"m": 1.0, "cm": 0.01, "mm": 0.001}
"""Units of translations, in metres."""

_LARGEST_BYTES: Final = 1_000_000
_MATRIX: Final = ("camera_matrix", "cameraMatrix", "K", "intrinsics", "intrinsic_matrix", "M")
_DISTORTION: Final = ("distortion_coefficients", "dist_coeffs", "distCoeffs", "distortion", "D")
_ROTATION: Final = ("rvec", "rotation_vector", "R", "rotation", "rotation_matrix")
_TRANSLATION: Final = ("tvec", "translation_vector", "T", "t", "translation")
_WIDTH: Final = ("image_width", "imageWidth", "width")
_HEIGHT: Final = ("image_height", "imageHeight", "height")
_SIZE: Final = ("image_size", "imageSize", "resolution", "img_size")


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file says of a camera.

    Attributes:
        camera: The camera; where the file says nothing of its pose, at the world's origin.
        posed: Whether the file says where the camera is.
        kind: ``"opencv"`` or ``"tsai"``.
    """

    camera: Camera
    posed: bool
    kind: str


def import_calibration(
    path: Path, *, id: str = "camera", unit: str | None = None, resolution_px: tuple[int, int] | None = None
) -> Imported:
    """Read a calibration of OpenCV or of Tsai.

    Args:
        path: A file of ``cv2.FileStorage``, or Tsai's XML (``Camera`` with ``Geometry``, ``Intrinsic``, ``Extrinsic``).
        id: Name of the camera.
        unit: Of the translation, one of ``UNITS_M``; None: millimetres for Tsai, metres for OpenCV.
        resolution_px: Of the pictures, where the file does not say.

    Raises:
        ScenarioError: The file cannot be read, or lacks something, or has a lens that cannot be expressed.
    """
    try:
        size = path.stat().st_size
        text = path.read_bytes()[:_LARGEST_BYTES].decode("utf-8", errors="replace") if size <= _LARGEST_BYTES else ""
    except OSError as error:
        raise ScenarioError(f"{path}: cannot be read ({error.strerror})") from None
    if not text.strip():
        what = "is empty" if not size else f"has {size} bytes, too many for a calibration"
        raise ScenarioError(f"{path.name}: {what}")
    if "<Geometry" in text and "<Intrinsic" in text:
        return Imported(_tsai(text, path.name, id, UNITS_M[unit or "mm"]), True, "tsai")
    return _opencv(path, text, id, UNITS_M[unit or "m"], resolution_px)


def _tsai(text: str, where: str, id: str, unit_m: float) -> Camera:
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ScenarioError(f"{where}: a calibration has no DOCTYPE and no entities; leave them out")
    try:
        root = ET.fromstring(text)  # noqa: S314  no entities
    except ET.ParseError as error:
        raise ScenarioError(f"{where}: is not valid XML ({error})") from None
    found: dict[str, float] = {}
    for tag, names in (
        ("Geometry", ("width", "height", "dpx", "dpy")),
        ("Intrinsic", ("focal", "kappa1", "cx", "cy", "sx")),
        ("Extrinsic", ("tx", "ty", "tz", "rx", "ry", "rz")),
    ):
        entry = root.find(f".//{tag}")
        for name in names:
            value = None if entry is None else entry.get(name)
            if value is None:
                raise ScenarioError(f"{where}: {tag} has no '{name}'; a Tsai calibration needs it")
            try:
                found[name] = float(value)
            except ValueError:
                raise ScenarioError(f'{where}: {tag} {name}="{value}" is not a number') from None
            if not np.isfinite(found[name]):
                raise ScenarioError(f'{where}: {tag} {name}="{value}" is not a finite number')
    for name in ("width", "height", "dpx", "dpy", "focal", "sx"):
        if not found[name] > 0:
            raise ScenarioError(f'{where}: {name}="{found[name]:g}" should be positive')
    return Camera.from_tsai(
        id,
        focal_mm=found["focal"],
        kappa1_per_mm2=found["kappa1"],
        centre_px=(found["cx"], found["cy"]),
        scale_x=found["sx"],
        pixel_mm=(found["dpx"], found["dpy"]),
        rotation=_turn(found["rx"], found["ry"], found["rz"]),
        translation_m=np.array([found["tx"], found["ty"], found["tz"]]) * unit_m,
        resolution_px=(round(found["width"]), round(found["height"])),
    )


def _turn(rx: float, ry: float, rz: float) -> Floats:
    """Rotation about z after y after x, as Tsai's programs write their angles in radians."""
    about_x, about_y, about_z = (cv2.Rodrigues(np.array(v))[0] for v in ((rx, 0, 0), (0, ry, 0), (0, 0, rz)))
    return np.asarray(about_z @ about_y @ about_x)


def _opencv(path: Path, text: str, id: str, unit_m: float, resolution_px: tuple[int, int] | None) -> Imported:
    where = path.name
    try:
        storage = cv2.FileStorage(text, cv2.FILE_STORAGE_READ | cv2.FILE_STORAGE_MEMORY)
    except (cv2.error, SystemError):
        storage = None
    if storage is None or not storage.isOpened():
        raise ScenarioError(f"{where}: is neither a file of OpenCV's FileStorage (yml, json, xml) nor Tsai's XML")
    try:
        matrix = _array(storage, _MATRIX, where)
        if matrix is None or matrix.size != 9:
            raise ScenarioError(f"{where}: has no 3x3 matrix under any of {', '.join(_MATRIX)}")
        matrix = matrix.reshape(3, 3)
        if not (matrix[0, 0] > 0 and matrix[1, 1] > 0 and abs(matrix[2, 2] - 1) < 1e-6):
            raise ScenarioError(f"{where}: the camera matrix has no positive focal lengths on its diagonal")
        given = _array(storage, _DISTORTION, where)
        distortion = np.zeros(5) if given is None else given.ravel()
        if len(distortion) > 5 and np.abs(distortion[5:]).max() > 1e-9:
            raise ScenarioError(
                f"{where}: its lens has {len(distortion)} distortion coefficients; calibrate with five "
                "(k1, k2, p1, p2, k3), without CALIB_RATIONAL_MODEL, CALIB_THIN_PRISM_MODEL or fisheye"
            )
        distortion = np.concatenate((distortion[:5], np.zeros(max(0, 5 - len(distortion)))))
        turn, shift = _array(storage, _ROTATION, where), _array(storage, _TRANSLATION, where)
        width, height = _size(storage, where, resolution_px)
    except cv2.error:
        raise ScenarioError(f"{where}: cannot be read by OpenCV's FileStorage") from None
    finally:
        storage.release()
    if abs(matrix[0, 1]) > 1e-6 * matrix[0, 0]:
        raise ScenarioError(f"{where}: the camera matrix has skew; calibrate without it")
    posed = turn is not None and shift is not None
    rotation: Floats = np.eye(3)
    translation: Floats = np.zeros(3)
    if turn is not None and shift is not None:
        if turn.size not in (3, 9) or shift.size != 3:
            raise ScenarioError(
                f"{where}: of several views only one can be the camera's pose; keep that one in the file"
            )
        rotation = np.asarray(cv2.Rodrigues(turn.reshape(3))[0] if turn.size == 3 else turn.reshape(3, 3), float)
        if not np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-3) or np.linalg.det(rotation) < 0:
            raise ScenarioError(f"{where}: its rotation is no rotation matrix")
        translation = shift.reshape(3) * unit_m
    camera = Camera(id, width, height, matrix, distortion, rotation, translation)
    return Imported(camera, posed, "opencv")


def _array(storage: cv2.FileStorage, names: tuple[str, ...], where: str) -> Floats | None:
    for name in names:
        node = storage.getNode(name)
        if node.empty():
            continue
        if node.isSeq():
            values = np.array([node.at(i).real() for i in range(node.size())], float)
        else:
            read = node.mat()
            if read is None:
                raise ScenarioError(f"{where}: '{name}' is not a matrix")
            values = np.asarray(read, float)
        if not np.isfinite(values).all():
            raise ScenarioError(f"{where}: '{name}' holds a number that is not finite")
        return values
    return None


def _size(storage: cv2.FileStorage, where: str, given: tuple[int, int] | None) -> tuple[int, int]:
    wide = next((storage.getNode(n).real() for n in _WIDTH if not storage.getNode(n).empty()), None)
    high = next((storage.getNode(n).real() for n in _HEIGHT if not storage.getNode(n).empty()), None)
    both = _array(storage, _SIZE, where) if wide is None else None
    if both is not None and both.size == 2:
        wide, high = (float(v) for v in both.ravel())
    said = None if wide is None or high is None else (round(wide), round(high))
    if given is not None and said is not None and said != given:
        raise ScenarioError(f"{where}: is for {said[0]}x{said[1]} pixels, not for {given[0]}x{given[1]}")
    size = said or given
    if size is None:
        raise ScenarioError(f"{where}: does not say for which size of picture it is; give --size WIDTHxHEIGHT")
    if min(size) <= 0:
        raise ScenarioError(f"{where}: {size[0]}x{size[1]} is no size of a picture")
    return size
