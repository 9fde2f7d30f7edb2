"""Runs ultralytics' `model.track()` over a video, so many pictures at a time; a program of its own.

It imports nothing of Parvis, because it runs under a Python that has ultralytics and torch. Arguments: weights, video,
height and width of the input. In: a line with a number of pictures. Out: the version of ultralytics on a line, then for
each number a JSON line ``[seconds, pictures, boxes]``, until the input closes.
"""

import json
import os
import sys
import time

from ultralytics import YOLO


def main() -> None:
    """Answer numbers until there are no more."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what ultralytics says of itself is no answer
    weights, video, height, width = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    import ultralytics

    print(ultralytics.__version__, file=answers, flush=True)
    model = YOLO(weights, task="detect")
    results = model.track(
        source=video, stream=True, imgsz=(height, width), tracker="bytetrack.yaml", device="cpu", verbose=False
    )
    for line in sys.stdin:
        start, pictures, boxes = time.perf_counter(), 0, 0
        for _ in range(int(line)):
            result = next(results, None)
            if result is None:
                break
            pictures += 1
            boxes += len(result.boxes)
        print(json.dumps([time.perf_counter() - start, pictures, boxes]), file=answers, flush=True)


if __name__ == "__main__":
    main()
