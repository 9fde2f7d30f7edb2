"""What a Prometheus server scrapes: how cameras and alerts are, by names alone, never an address or a person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from prometheus_client.core import CollectorRegistry, CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest

from detect.outbox import count_waiting
from detect.store import Store

__all__ = ["CONTENT_TYPE", "exposition"]

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_COUNTERS: Final = {
    "frames": "Pictures that were analysed",
    "gaps": "Spans without pictures",
    "drops": "Pictures that came faster than they could be analysed",
    "stale": "Pictures that came late after a stall and were not analysed",
    "reconnects": "Connections that were made again",
    "alerts": "Alerts that were raised",
}


class _Looked:
    """One look into the store, as metrics."""

    def __init__(self, store: Store, now: datetime) -> None:
        self._store, self._now = store, now

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("parvis_camera_live", "1 while pictures come and are analysed", labels=["camera"])
        state = GaugeMetricFamily("parvis_camera_state", "1 for the state it is in", labels=["camera", "state"])
        age = GaugeMetricFamily("parvis_camera_picture_age_seconds", "Age of the newest picture", labels=["camera"])
        counts = {
            name: CounterMetricFamily(f"parvis_camera_{name}", f"{words}, since its process began", labels=["camera"])
            for name, words in _COUNTERS.items()
        }
        for camera in self._store.cameras():
            up.add_metric([camera.camera_id], float(camera.state == "live"))
            state.add_metric([camera.camera_id, camera.state], 1.0)
            if camera.last_picture_at is not None:
                age.add_metric([camera.camera_id], (self._now - camera.last_picture_at).total_seconds())
            for name, family in counts.items():
                if name in camera.counters:
                    family.add_metric([camera.camera_id], float(camera.counters[name]))
        alerts = GaugeMetricFamily("parvis_alerts", "Alerts in the store", labels=["kind", "state"])
        for (kind, stands), many in self._store.count_alerts().items():
            alerts.add_metric([kind, stands], float(many))
        off = GaugeMetricFamily("parvis_switched_off", "1 for what a person has switched off", labels=["what"])
        for what in self._store.switched_off():
            off.add_metric([what], 1.0)
        untold = GaugeMetricFamily("parvis_receiver_waiting", "Entries yet to be told", labels=["receiver"])
        for receiver, many in count_waiting(self._store.database).items():
            untold.add_metric([receiver], float(many))
        yield from (up, state, age, *counts.values(), alerts, off, untold)


def exposition(store: Store, now: datetime | None = None) -> bytes:
    """Return the metrics of a store in Prometheus' text format 0.0.4."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Looked(store, now or datetime.now(UTC)))
    return generate_latest(registry)
