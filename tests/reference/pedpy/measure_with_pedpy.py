"""Measures ways with PedPy 1.5.1 (pip install pedpy==1.5.1), as numbers that our own measures are held against.

python tests/reference/pedpy/measure_with_pedpy.py tests/reference/pedpy/ways.txt > tests/reference/pedpy/numbers.json
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path

import pedpy

PLACE = json.loads((Path(__file__).parent / "place.json").read_text(encoding="utf-8"))


def main() -> None:
    ways = pedpy.load_trajectory_from_txt(trajectory_file=Path(sys.argv[1]))
    floor = pedpy.WalkableArea(PLACE["outline"], PLACE["obstacles"])
    line = pedpy.MeasurementLine(PLACE["line"])
    zone = pedpy.MeasurementArea(PLACE["zone"])
    cells = pedpy.compute_individual_voronoi_polygons(
        traj_data=ways, walkable_area=floor, cut_off=pedpy.Cutoff(radius=PLACE["cut_off_m"], quad_segments=3)
    )
    in_zone, _ = pedpy.compute_voronoi_density(individual_voronoi_data=cells, measurement_area=zone)
    counted = pedpy.compute_classic_density(traj_data=ways, measurement_area=zone)
    passed, crossings = pedpy.compute_n_t(traj_data=ways, measurement_line=line)
    speed = pedpy.compute_individual_speed(
        traj_data=ways, frame_step=1, speed_calculation=pedpy.SpeedCalculation.BORDER_SINGLE_SIDED
    )
    span = int(crossings.frame.max() - crossings.frame.min())
    flow = pedpy.compute_flow(
        nt=passed, crossing_frames=crossings, individual_speed=speed, delta_frame=span, frame_rate=ways.frame_rate
    )
    maps = pedpy.compute_density_profile(
        data=ways.data, walkable_area=floor, grid_size=1.0, density_method=pedpy.DensityMethod.CLASSIC
    )
    last = int(ways.data.frame.max())
    of_one = cells[cells.frame == last // 2].sort_values("id")
    numbers = {
        "pedpy": version("pedpy"),
        "voronoi_of_each_per_m2": {int(i): round(d, 9) for i, d in zip(of_one.id, of_one.density, strict=True)},
        "voronoi_in_zone_per_m2": [round(float(v), 9) for v in in_zone.sort_index().density],
        "counted_in_zone_per_m2": [round(float(v), 9) for v in counted.sort_index().density],
        "mean_map_north_first_per_m2": (sum(maps) / len(maps)).round(9).tolist(),
        "passed_by_frame": passed.cumulative_pedestrians.tolist(),
        "flow_per_s": [round(float(v), 9) for v in flow.flow],
        "line_m": float(line.length),
    }
    print(json.dumps(numbers))


main()
