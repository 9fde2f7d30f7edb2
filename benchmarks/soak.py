"""Hours of live cameras in minutes of waiting: does memory grow, do files stay open, are pictures seen in time?

python -m benchmarks.soak [--json] [--minutes 20] [--cameras 8] [--fps 5] [--size 320x240] [--detector background]

All cameras are clients of one RTSP server; an alert is raised on each every second. Memory is the proportional set
size (PSS) of the daemon and all its processes. Its growth is the median of the slopes between all pairs of samples,
with the interval that Sen gives; the first quarter of the time does not count.

Reference:
    Sen, P. K. (1968). Estimates of the regression coefficient based on Kendall's tau. JASA 63(324), 1379-1389.
    DOI 10.1080/01621459.1968.10480934.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Final

import av
import typer
from scipy.stats import theilslopes

from benchmarks.claims import Claim, show
from benchmarks.faults.camera import RtspCamera, make_film
from benchmarks.faults.house import House, children_of, upper
from dashboard.progress import bars

_EVERY_S: Final = 5.0
_WARM: Final = 0.25
_MOST_MB_PER_H: Final = 20.0
"""Slopes below this are called flat: half a gigabyte a day."""
_MEGABYTE: Final = 1024.0


def main(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    minutes: Annotated[float, typer.Option("--minutes", min=0.5)] = 20.0,
    cameras: Annotated[int, typer.Option("--cameras", min=1)] = 8,
    fps: Annotated[int, typer.Option("--fps", min=1, help="Pictures a second of each camera.")] = 5,
    size: Annotated[str, typer.Option("--size", metavar="WxH")] = "320x240",
    detector: Annotated[str, typer.Option("--detector")] = "background",
    film: Annotated[Path | None, typer.Option("--film", help="What they show; default: a drawn square.")] = None,
) -> None:
    """Watch for so long, then say what grew."""
    wide, high = (int(part) for part in size.split("x"))
    with tempfile.TemporaryDirectory(prefix="parvis-soak-") as name, bars(quiet=as_json) as report:
        folder = Path(name)
        path = folder / "film.mp4"
        if film is None:
            make_film(path, size_px=(wide, high), fps=fps)
        else:
            _recode(film, path, (wide, high), fps)
        camera = RtspCamera(path)
        source = f"rtsp://127.0.0.1:{camera.port}/cam"
        table = [{"id": f"camera_{n}", "source": source} for n in range(cameras)]
        try:
            with House(folder, table, detector=detector) as house:
                house.wait(lambda: all(c["live"] for c in house.ask("/api/cameras")), 120)
                begun = time.monotonic()
                samples: list[tuple[float, float, int, int]] = []
                while (passed := time.monotonic() - begun) < 60 * minutes:
                    report("soak", passed / (60 * minutes), f"{samples[-1][1]:.0f} MB" if samples else "")
                    samples.append((passed / 3600, *_weigh([house.pid, *children_of(house.pid)])))
                    time.sleep(_EVERY_S)
                delays = house.delays_s(begun + 15 * minutes)
                counters = [c["counters"] for c in house.ask("/api/cameras")]
                live = sum(c["live"] for c in house.ask("/api/cameras"))
                alerts, intact = len(house.alerts()), house.intact()
        finally:
            camera.kill()
    show(_claims(samples, delays, counters, live, alerts, intact=intact, cameras=cameras), as_json=as_json)


def _claims(
    samples: Sequence[tuple[float, float, int, int]],
    delays: list[float],
    counters: Sequence[dict[str, int]],
    live: int,
    alerts: int,
    *,
    intact: bool,
    cameras: int,
) -> list[Claim]:
    steady = samples[int(_WARM * len(samples)) :]
    hours, memory, files, threads = zip(*steady, strict=True)
    slope, _, low, high = theilslopes(memory, hours)
    return [
        Claim.at_least("memory of all processes at the end, MB", memory[-1], None),
        Claim.at_most(f"memory grows by, MB an hour (95 %: {low:.1f} to {high:.1f})", float(slope), _MOST_MB_PER_H),
        Claim.at_most("open files more at the end than after the first quarter", files[-1] - files[0], 2),
        Claim.at_most("threads more at the end than after the first quarter", threads[-1] - threads[0], 2),
        Claim.at_least(f"cameras of {cameras} that are live at the end", live, cameras),
        Claim.at_least("pictures analysed", sum(c.get("frames", 0) for c in counters), None),
        Claim.at_least(
            "pictures dropped or passed over", sum(c.get("drops", 0) + c.get("stale", 0) for c in counters), None
        ),
        Claim.at_most("delay of pictures, median, s", delays[len(delays) // 2] if delays else None, 1.0),
        Claim.at_most("delay of pictures, 95 %, s", upper(delays), 1.0),
        Claim.at_most("delay of pictures, worst, s", delays[-1] if delays else None, 1.0),
        Claim.at_least("alerts in the store", alerts, None),
        Claim.at_least("record intact", float(intact), 1),
    ]


def _weigh(processes: Sequence[int]) -> tuple[float, int, int]:
    """Return PSS in MB, open files and threads of processes together."""
    kilobytes = files = threads = 0
    for pid in processes:
        with suppress(OSError):  # it may end this very moment
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
            kilobytes += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
            files += len(list(Path(f"/proc/{pid}/fd").iterdir()))
            threads += len(list(Path(f"/proc/{pid}/task").iterdir()))
    return kilobytes / _MEGABYTE, files, threads


def _recode(film: Path, path: Path, size_px: tuple[int, int], fps: int) -> None:
    """Write a film in another size and rate, without delay, one picture of it after the other."""
    with av.open(str(film)) as source, av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = *size_px, "yuv420p"
        stream.options = {"preset": "veryfast", "tune": "zerolatency", "g": str(2 * fps)}
        for n, picture in enumerate(source.decode(video=0)):
            frame = picture.reformat(*size_px, format="yuv420p", interpolation="AREA")
            frame.pts, frame.time_base = n, Fraction(1, fps)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


if __name__ == "__main__":
    typer.run(main)
