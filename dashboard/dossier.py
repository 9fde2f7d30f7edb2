"""What a data-protection officer asks of a live installation, on one page: one file, no link to anywhere."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any, Final
from urllib.parse import urlsplit

from dashboard.drill_figures import drill_rows
from dashboard.plan_report import check_report_target
from dashboard.player import template_file, templates
from dashboard.trust import trust
from detect.detectors import build_detector
from detect.live.config import LiveConfig, load_config, purposes_of
from detect.live.reload import digest_of
from detect.rules import NOT_IMPLEMENTED
from detect.sources import redact
from detect.store import Store, StorePlace
from scenarios.errors import ScenarioError
from scenarios.event import EventKind

__all__ = ["decision_rows", "write_dossier"]

_CARD: Final = Path(__file__).parent.parent / "detect" / "detectors" / "weights" / "parvis-n.json"
_ALL: Final = 100_000


def write_dossier(config_path: Path, out: Path, *, names: bool = False) -> None:
    """Write the page about a configuration and what its store holds.

    Args:
        config_path: TOML file of `parvis live`.
        out: HTML file to write.
        names: Name who decided; otherwise they are numbered, the busiest first.

    Raises:
        ParvisError: The configuration makes no sense, or the page cannot be written.
    """
    check_report_target(out)
    config = load_config(config_path)
    detector = build_detector(config.detector)
    page = (
        templates()
        .get_template("dossier.html.j2")
        .render(
            style=template_file("plan.css"),
            made_at=datetime.now(UTC).strftime("%d %B %Y, %H:%M UTC"),
            configuration=config_path.name,
            configuration_sha256=digest_of(config_path),
            config=config,
            told=[f"{one.id} ({urlsplit(one.url).hostname})" for one in config.webhooks]
            + [f"{one.id} ({one.host}, by MQTT)" for one in config.mqtt],
            cameras=_cameras(config),
            purposes=_purposes(config),
            detector=config.detector,
            weights_sha256=detector.weights_sha256,
            card=json.loads(_CARD.read_text(encoding="utf-8")) if config.detector == "parvis" else None,
            trust=trust(config.detector.partition(":")[0]),
            **_of_store(config.store, names=names),
        )
    )
    part = out.with_name(f".{out.name}.part")
    try:
        part.write_text(page, encoding="utf-8")
        part.replace(out)
    except OSError as error:
        raise ScenarioError(f"dossier: {out} cannot be written: {error.strerror or error}") from None


def decision_rows(store: Store) -> list[dict[str, Any]]:
    """Count what became of the alerts of each kind, drills left out, and how long decisions took.

    Returns:
        A row a kind: ``kind``, ``raised``, ``confirmed``, ``dismissed``, ``expired``, ``waiting``, and ``median_s``
        from alert to decision, None where nothing was decided.
    """
    counts = store.count_alerts()
    took: dict[str, list[float]] = {}
    for decision in store.decisions(limit=_ALL):
        if decision.alert.event.drill is not None:
            continue
        kind = decision.alert.event.kind.value
        took.setdefault(kind, []).append((decision.at - decision.alert.raised_at).total_seconds())
    rows = []
    for kind in sorted({kind for kind, _ in counts}):
        many = {state: counts.get((kind, state), 0) for state in ("new", "seen", "confirmed", "dismissed", "expired")}
        rows.append(
            {
                "kind": kind.replace("_", " "),
                "raised": sum(many.values()),
                "confirmed": many["confirmed"],
                "dismissed": many["dismissed"],
                "expired": many["expired"],
                "waiting": many["new"] + many["seen"],
                "median_s": median(took[kind]) if kind in took else None,
            }
        )
    return rows


def _of_store(place: StorePlace, *, names: bool) -> dict[str, Any]:
    if not Store.is_there(place):
        return {"store": Path(place).name, "decisions": None, "people": [], "drills": [], "off": {}, "record": None}
    with Store.open_existing(place) as store:
        by = Counter(decision.by for decision in store.decisions(limit=_ALL)).most_common()
        return {
            "store": store.database.name,
            "decisions": decision_rows(store),
            "drills": drill_rows(store),
            "people": [(who if names else f"person {n}", many) for n, (who, many) in enumerate(by, 1)],
            "off": {
                what: words if names else words.rpartition(" (")[0] for what, words in store.switched_off().items()
            },
            "record": store.verify(),
        }


def _cameras(config: LiveConfig) -> list[dict[str, Any]]:
    return [
        {
            "id": camera.id,
            "source": redact(camera.source),
            "calibrated": camera.calibration is not None,
            "purposes": sorted(k.value.replace("_", " ") for k in purposes_of(config, camera)),
            "everything": purposes_of(config, camera) == frozenset(EventKind),
        }
        for camera in config.cameras
    ]


def _purposes(config: LiveConfig) -> list[dict[str, Any]]:
    wanted = frozenset().union(*(purposes_of(config, camera) for camera in config.cameras))
    if config.authorisation is not None and config.authorisation.purposes:
        wanted &= frozenset(config.authorisation.purposes)
    return [
        {
            "name": kind.value.replace("_", " "),
            "on": kind in wanted and kind.value not in NOT_IMPLEMENTED,
            "words": "no rule: never looked for" if kind.value in NOT_IMPLEMENTED else "",
        }
        for kind in EventKind
    ]
