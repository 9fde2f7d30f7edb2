"""Same scenario and seed, same truth and same decoded pixels: on one thread or two, on one core or two."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from dashboard.studio import EYE, Studio, person

FILM = """
import json, sys, cv2
from pathlib import Path
cv2.setNumThreads(int(sys.argv[2]))
from scenarios.load import load_scenario
from scenarios.recording import Recording
from sim.film import digest, film
changes = ["duration_s=0.8", "cameras.mast.resolution_px=[480, 270]", "incidents=[]"]
changes += ["conditions.rain=2", "conditions.vibration=2"]
recording = Recording(Path(sys.argv[1]))
recording.folder.mkdir()
film(load_scenario("forecourt_bag_v1", changes), recording)
print(json.dumps(digest(recording)))
"""


def _film(folder, threads, cores):
    names = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    pin = None
    if hasattr(os, "sched_setaffinity"):
        chosen = set(sorted(os.sched_getaffinity(0))[:cores])

        def pin():
            os.sched_setaffinity(0, chosen)

    done = subprocess.run(
        [sys.executable, "-c", FILM, str(folder), str(threads)],
        env=os.environ | dict.fromkeys(names, str(threads)),
        preexec_fn=pin,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.mark.slow
def test_one_thread_or_two(tmp_path):
    one = _film(tmp_path / "one", threads=1, cores=1)
    two = _film(tmp_path / "two", threads=2, cores=2)
    assert one == two
    assert len(one["pixels_sha256"]) == 64


@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_pictures_are_kept(noise):
    """The encoder reads a picture while the next one is drawn: none may be drawn over another."""
    studio = Studio(EYE, (320, 240), conditions={"noise": noise})
    empty = studio.take()
    kept = empty.copy()
    full = studio.take([person(0.0, looks=1, heading_deg=-90.0)])
    assert not np.shares_memory(empty, full)
    assert (empty == kept).all()
    assert (full != kept).any()
