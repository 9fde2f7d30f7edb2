"""Runs OpenCV 4's HOG people detector over pictures that come through a pipe; a program of its own.

It imports nothing but cv2 and numpy, because it runs under a Python that has OpenCV 4 while Parvis has OpenCV 5, whose
wheels hold no HOG any more. In: two little-endian unsigned integers, height and width, then height * width * 3 bytes
BGR; again and again until the pipe closes. Out: the version of OpenCV on a line, "none" where there is none, then one
JSON line a picture: ``[[x, y, width, height, weight], ...]`` in pixels of the picture.
"""

import json
import struct
import sys

try:
    import cv2
    import numpy as np
except ImportError:
    print("none", flush=True)
    sys.exit(0)

MAGNIFY = 2.0
STRIDE_PX = (8, 8)
PADDING_PX = (8, 8)
SCALE = 1.05


def main() -> None:
    """Answer pictures until there are no more."""
    print(cv2.__version__, flush=True)
    if not hasattr(cv2, "HOGDescriptor"):
        return
    cv2.setNumThreads(1)
    hog = cv2.HOGDescriptor()
    hog.setSVMDetector(cv2.HOGDescriptor_getDefaultPeopleDetector())  # type: ignore[attr-defined]
    given, told = sys.stdin.buffer, sys.stdout
    while len(head := given.read(8)) == 8:
        height, width = struct.unpack("<II", head)
        data = given.read(height * width * 3)
        if len(data) < height * width * 3:
            sys.exit("hog_worker: the last picture is cut short")
        image = np.frombuffer(data, np.uint8).reshape(height, width, 3)
        large = cv2.resize(image, None, fx=MAGNIFY, fy=MAGNIFY, interpolation=cv2.INTER_LINEAR)
        boxes, weights = hog.detectMultiScale(large, winStride=STRIDE_PX, padding=PADDING_PX, scale=SCALE)
        rows = [
            [*(float(v) / MAGNIFY for v in box), float(weight)]
            for box, weight in zip(np.reshape(boxes, (-1, 4)), np.ravel(weights), strict=True)
        ]
        print(json.dumps(rows), file=told, flush=True)


if __name__ == "__main__":
    main()
