"""One job of `benchmarks.crowd`, in a process of its own: ours, or JuPedSim's collision-free speed model.

python benchmarks/crowd_worker.py ours|jupedsim JOB

JOB is a JSON object: people, rounds, steps (0: until all have left), dt_s, cores, model. Both get the same hall, the
same start, the same free speeds and the same step. The file stands alone, because JuPedSim runs in a Python of its own.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

HALL_M = (30.0, 20.0)
"""For a thousand people; it grows with their number, its door does not."""
DOOR_M = 2.0
WARM_STEPS = 20
LONGEST_S = 1200.0


def start(people: int) -> tuple[float, float, Any, Any]:
    """Return length and width of the hall, where people stand at the start, shape (n, 2), and their free speeds."""
    grown = math.sqrt(people / 1000)
    length, width = HALL_M[0] * grown, HALL_M[1] * grown
    columns = math.ceil(math.sqrt(people * length / width))
    rows = math.ceil(people / columns)
    rng = np.random.default_rng(1)
    x, y = np.meshgrid(np.linspace(0.5, length - 1.0, columns), np.linspace(0.5, width - 0.5, rows))
    places = np.stack((x.ravel(), y.ravel()), axis=1)[:people] + rng.uniform(-0.05, 0.05, (people, 2))
    return length, width, places, np.clip(rng.normal(1.34, 0.26, people), 0.5, 2.2)


class Ours:
    """The whole Mesa step of `sim.crowd.Crowd`."""

    def __init__(self, people: int, dt_s: float, model: str, cores: int) -> None:
        from dataclasses import replace

        from scenarios.scenario import Scenario
        from sim.crowd import Crowd

        length, width, places, speeds = start(people)
        middle = width / 2
        scenario = Scenario.model_validate(
            {
                "name": "hall_v1",
                "title": "A hall with one door",
                "duration_s": LONGEST_S,
                "fps": 1 / dt_s,
                "max_step_s": dt_s,
                "venue": {
                    "outline": [(0, 0), (length, 0), (length, width), (0, width)],
                    "gates": [
                        {
                            "id": "door",
                            "line": [(length, middle - DOOR_M / 2), (length, middle + DOOR_M / 2)],
                            "direction": "out",
                        }
                    ],
                },
                "cameras": [
                    {"id": "c", "position_m": [-9, -9, 9], "look_at_m": [length / 2, middle, 0], "hfov_deg": 60}
                ],
                "population": {"bodies": {}},
            }
        )
        self._crowd = Crowd(scenario, model=model)
        pace = self._crowd.pace
        self._crowd.pace = replace(pace, motion=replace(pace.motion, threads=cores))  # type: ignore[type-var]
        self._crowd.enter_all(places, 0, free_mps=speeds)

    def step(self) -> int:
        """Walk one step; returns how many walked."""
        n = len(self._crowd.people)
        self._crowd.step()
        return n


class JuPedSim:
    """JuPedSim's collision-free speed model with its own parameters."""

    def __init__(self, people: int, dt_s: float) -> None:
        import jupedsim as jps
        from shapely import Polygon

        length, width, places, speeds = start(people)
        low, high = width / 2 - DOOR_M / 2, width / 2 + DOOR_M / 2
        floor = Polygon(
            [(0, 0), (length, 0), (length, low), (length + 1, low), (length + 1, high), (length, high),
             (length, width), (0, width)]
        )  # fmt: skip
        self._simulation = jps.Simulation(model=jps.CollisionFreeSpeedModel(), geometry=floor, dt=dt_s)
        away = self._simulation.add_exit_stage(
            Polygon([(length + 0.4, low), (length + 1, low), (length + 1, high), (length + 0.4, high)])
        )
        journey = self._simulation.add_journey(jps.JourneyDescription([away]))
        for place, speed in zip(places, speeds, strict=True):
            self._simulation.add_agent(
                jps.CollisionFreeSpeedModelAgentParameters(
                    position=tuple(place), desired_speed=speed, radius=0.15, journey_id=journey, stage_id=away
                )
            )

    def step(self) -> int:
        """Walk one step; returns how many walked."""
        n = int(self._simulation.agent_count())
        self._simulation.iterate()
        return n


def measure(crowd: Ours | JuPedSim, steps: int, dt_s: float) -> dict[str, float]:
    """Walk so many steps, or until nobody is left; returns agent-steps, CPU and wall seconds, steps and who is left."""
    walked, done, n = 0, 0, 1
    most = steps or round(LONGEST_S / dt_s)
    for _ in range(WARM_STEPS if steps else 0):
        crowd.step()
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    while done < most and n:
        n = crowd.step()
        walked += n
        done += 1
    return {
        "agent_steps": walked,
        "cpu_s": time.process_time() - cpu_s,
        "wall_s": time.perf_counter() - wall_s,
        "steps": done,
        "inside": n,
    }


def main(which: str, job: dict[str, Any]) -> None:
    """Do one job and print what it took, one JSON object a round."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-job["cores"] :])
    people, dt_s = job["people"], job["dt_s"]
    make: Callable[[], Ours | JuPedSim] = (
        (lambda: Ours(people, dt_s, job["model"], job["cores"]))
        if which == "ours"
        else (lambda: JuPedSim(people, dt_s))
    )
    for _ in range(job["rounds"]):
        print(json.dumps(measure(make(), job["steps"], dt_s)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
