"""The same sweep on a Ray cluster of three nodes on this machine, of which one goes away."""

from __future__ import annotations

import pytest

from dashboard.sweep.bench import sweep

ray = pytest.importorskip("ray", reason="NO RAY: install the extra 'ray'")

from dashboard.sweep.cluster import on_ray  # noqa: E402


@pytest.mark.slow
@pytest.mark.timeout(280)
@pytest.mark.filterwarnings("ignore")  # Ray's own
def test_a_node_that_goes_away_costs_no_result_and_no_byte(small, points, swept, tmp_path, bytes_of):
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]
    removed = []

    class Watching:
        def progress(self, *_):
            raise AssertionError("Ray tells nothing before the end")

        def done(self, point):
            if not removed:
                removed.append(nodes[0])
                cluster.remove_node(nodes[0], allow_graceful=False)
            self.tell.done(point)

        def failed(self, point, why):
            self.tell.failed(point, why)

    watching = Watching()

    def engine(points, folder, tell):
        watching.tell = tell
        on_ray(cluster.address)(points, folder, watching)

    try:
        done = sweep(small, points, tmp_path / "s", engine)
    finally:
        cluster.shutdown()
    assert removed
    assert done.failed == {}
    assert bytes_of(tmp_path / "s") == bytes_of(swept)
