"""Somebody else's detector behind an HTTP address: any language, any machine, any licence.

Every picture is posted as PNG, with the headers ``X-Parvis-Camera``, ``X-Parvis-Time`` (seconds) and, where everything
learned before is to be forgotten, ``X-Parvis-Start: 1``. The answer is JSON::

    {"detections": [{"box": [x1, y1, x2, y2], "confidence": 0.9, "label": "person"}], "weights_sha256": "..."}

with boxes in pixels and labels as networks call them (person, backpack, suitcase, ...); what is neither a person nor a
bag is dropped. The sum of the weights is optional.
"""

from __future__ import annotations

import json
import os
import weakref
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

import cv2
import numpy as np
import supervision as sv

from detect.tracks import CLASS_OF
from scenarios.camera import Camera
from scenarios.errors import DetectorError
from scenarios.frame import Frame

__all__ = ["TOKEN", "HttpDetector"]

TOKEN: Final = "PARVIS_DETECTOR_TOKEN"  # noqa: S105 - the name of a variable
"""Environment variable whose value is sent as bearer token; it is written nowhere."""
_TIMEOUT_S: Final = 10.0
_MOST_BYTES: Final = 4_000_000


class HttpDetector:
    """Posts pictures to an address and reads boxes from the answers, over one connection that is kept."""

    name = "http"

    def __init__(self, url: str, *, timeout_s: float = _TIMEOUT_S) -> None:
        """Take an address; nothing is sent yet.

        Raises:
            DetectorError: It is no address, holds a password, or would send pictures of people over a network in
                clear.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise DetectorError(f"detector '{url}': should be an address such as http://127.0.0.1:9000/detect")
        self._where = f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path}"
        if parts.username or parts.password:
            raise DetectorError(
                f"detector '{self._where}': no user or password belongs into an address; a token is read from ${TOKEN}"
            )
        if parts.scheme == "http" and not _is_loopback(parts.hostname):
            raise DetectorError(
                f"detector '{self._where}': pictures of people would leave this machine unencrypted; use https"
            )
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._connection = kind(parts.hostname, parts.port, timeout=timeout_s)
        weakref.finalize(self, self._connection.close)
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self.weights_sha256: str | None = None
        """As the other side says it; None until it has."""
        self.start(None)

    def start(self, camera: Camera | None) -> None:  # noqa: ARG002 - the other side has its own calibration
        """Ask the other side, with the next picture, to forget what it has learned."""
        self._fresh = True

    def detect(self, frames: Sequence[Frame]) -> list[sv.Detections]:
        """Ask about pictures, one result a frame, in the same order.

        Raises:
            DetectorError: The other side does not answer, or not as it should; or a picture is not 8-bit colour.
        """
        return [self._ask(frame) for frame in frames]

    def _ask(self, frame: Frame) -> sv.Detections:
        image = frame.image
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
            raise DetectorError(
                f"detector '{self._where}': picture {frame.index} of '{frame.camera_id}' has shape {image.shape} and "
                f"type {image.dtype}; it must be (height, width, 3) of uint8"
            )
        headers = {
            "Content-Type": "image/png",
            "X-Parvis-Camera": frame.camera_id,
            "X-Parvis-Time": f"{frame.time_s:.6f}",
        }
        if self._fresh:
            headers["X-Parvis-Start"] = "1"
        if token := os.environ.get(TOKEN):
            headers["Authorization"] = f"Bearer {token}"
        body = cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes()
        found = self._boxes(self._post(body, headers), frame)
        self._fresh = False
        return found

    def _post(self, body: bytes, headers: dict[str, str]) -> bytes:
        """Post once; once more on a new connection where the kept one was closed in between."""
        for kept in (self._connection.sock is not None, False):
            try:
                self._connection.request("POST", self._path, body, headers)
                answer = self._connection.getresponse()
                text = answer.read(_MOST_BYTES + 1)
            except (OSError, HTTPException) as error:
                self._connection.close()
                if kept and not isinstance(error, TimeoutError):
                    continue
                raise DetectorError(
                    f"detector '{self._where}': does not answer ({error or type(error).__name__})"
                ) from None
            if answer.status != 200:
                raise DetectorError(f"detector '{self._where}': answered {answer.status} {answer.reason}, not 200")
            if len(text) > _MOST_BYTES:
                raise DetectorError(f"detector '{self._where}': answered with more than {_MOST_BYTES // 10**6} MB")
            return text
        raise AssertionError("the second try returns or raises")

    def _boxes(self, text: bytes, frame: Frame) -> sv.Detections:
        try:
            answer = json.loads(text)
            rows = [_row(one) for one in answer["detections"]]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DetectorError(
                f"detector '{self._where}': its answer to picture {frame.index} cannot be read ({error}); it should be "
                '{"detections": [{"box": [x1, y1, x2, y2], "confidence": 0.9, "label": "person"}]}'
            ) from None
        told = answer.get("weights_sha256")
        self.weights_sha256 = told if isinstance(told, str) and len(told) == 64 else None
        kept = np.array([row for row in rows if row is not None], float).reshape(-1, 6)
        height, width = frame.image.shape[:2]
        return sv.Detections(
            xyxy=np.clip(kept[:, :4], 0, (width, height, width, height)),
            confidence=np.clip(kept[:, 4], 0, 1),
            class_id=kept[:, 5].astype(int),
        )


def _row(one: Any) -> tuple[float, ...] | None:
    cls = CLASS_OF.get(str(one["label"]).strip().lower())
    x1, y1, x2, y2 = (float(value) for value in one["box"])
    sure = float(one["confidence"])
    if not np.isfinite((x1, y1, x2, y2, sure)).all() or x2 < x1 or y2 < y1:
        raise ValueError(f"box {one['box']} should be x1, y1, x2, y2 with x1 <= x2 and y1 <= y2")
    return None if cls is None else (x1, y1, x2, y2, sure, int(cls))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
