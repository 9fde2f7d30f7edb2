"""Every fault that live cameras are known for, done for real to a `parvis live` that runs.

python -m benchmarks.faults [--json] [--only NAME]...

It takes about ten minutes and needs Debian's GStreamer RTSP server (gir1.2-gst-rtsp-server-1.0 and plugins).
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.claims import Claim, show
from benchmarks.faults import in_the_house, on_the_line
from dashboard.progress import bars
from scenarios.errors import unknown

ALL = on_the_line.FAULTS | in_the_house.FAULTS


def main(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    only: Annotated[list[str] | None, typer.Option("--only", help=f"Of: {', '.join(ALL)}.")] = None,
) -> None:
    """Do each fault and hold what happens against the promises; exit code 1 where one is broken."""
    wanted = only or list(ALL)
    for name in wanted:
        if name not in ALL:
            raise typer.BadParameter(unknown("fault", name, ALL))
    claims: list[Claim] = []
    with bars(quiet=as_json) as report:
        for number, name in enumerate(wanted):
            report("faults", number / len(wanted), name)
            with tempfile.TemporaryDirectory(prefix="parvis-fault-") as folder:
                claims += ALL[name](Path(folder))
        report("faults", 1.0)
    show(claims, as_json=as_json)
    raise typer.Exit(0 if all(claim.met for claim in claims) else 1)


if __name__ == "__main__":
    typer.run(main)
