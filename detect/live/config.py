"""What the daemon is told: a TOML file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError, model_validator

from detect import defaults
from detect.clips import ClipSettings
from detect.desk import DeskSettings
from detect.live.authorisation import Authorisation
from detect.live.cap import CapConfig
from detect.live.drill_schedule import DrillSchedule
from detect.live.http_server import HttpConfig, tokens_of
from detect.live.mqtt import MqttConfig, check_brokers
from detect.live.webhook import WebhookConfig, check_webhooks
from detect.motion_mode import DEFAULT_MODE, check_mode
from detect.postgres import is_server
from detect.retention import Retention
from detect.rules import build_rules
from detect.rules.contract import Setting
from detect.sources.address import expand, scheme
from detect.store import StorePlace
from detect.tracking import TRACKERS
from scenarios.entry import Entry, Id
from scenarios.errors import ScenarioError, unknown
from scenarios.event import EventKind
from scenarios.load import model_error, read_toml

__all__ = ["CameraConfig", "LiveConfig", "load_config", "purposes_of"]


class CameraConfig(Entry):
    """One camera.

    Attributes:
        source: As for ``detect.sources.open_source``, a path as seen from this file; ``${NAME}`` is taken from the
            environment, so that no password stands in the file.
        calibration: TOML file of the camera, a path as seen from this file; without it there are no metres.
        fps: True frame rate, where the stream says a wrong one.
        fps_most: At most so many pictures a second are analysed.
        purposes: Events that this camera may be watched for; empty: those of the whole configuration.
    """

    id: Id
    source: Annotated[str, Field(min_length=1)]
    calibration: Path | None = None
    fps: Annotated[float, Field(gt=0, le=240)] | None = None
    fps_most: Annotated[float, Field(gt=0, le=240)] | None = None
    purposes: list[EventKind] = []


class LiveConfig(Entry):
    """Everything that the daemon does.

    Attributes:
        store: SQLite file of alerts, decisions and record; or ``postgresql://USER@HOST/DATABASE``, for more than one
            machine, in which ``${NAME}`` is taken from the environment.
        detector: As for ``parvis watch``.
        share_network: Several cameras of one machine have their network run by one process, in batches where it takes
            them; else each camera has its own.
        tracker: One of the trackers.
        camera_motion: How tracks are moved with a camera that moves, one of ``detect.motion_mode.MODES``.
        blur: Pixelate people in pictures that are kept.
        hung_s: A camera's process that takes no picture for so long, although there are some, is started again.
        desk: When events are one matter, how many alerts are too many, and how long they wait.
        clips: Films of alerts.
        retention: How long pictures, films and alerts stay.
        rules: Settings by rule and key.
        purposes: Events that are looked for; empty: all for which there is a rule.
        authorisation: The order by which this is allowed; outside of it nothing is analysed.
        http: The interface for other programs; None: there is none.
        webhooks: Who is told of alerts, decisions and cameras,
        mqtt: and by which brokers.
        cap: How confirmed alerts are worded for others.
        drills: Those that come round by themselves.
    """

    store: StorePlace = Path("live.sqlite")
    detector: str = defaults.DETECTOR
    share_network: bool = True
    tracker: str = "bytetrack"
    camera_motion: str = DEFAULT_MODE
    blur: bool = True
    hung_s: Annotated[float, Field(ge=2, le=3600)] = 20.0
    desk: DeskSettings = DeskSettings()
    clips: ClipSettings = ClipSettings()
    cameras: Annotated[list[CameraConfig], Field(min_length=1)]
    retention: Retention = Retention()
    rules: dict[str, dict[str, Setting]] = {}
    purposes: list[EventKind] = []
    authorisation: Authorisation | None = None
    http: HttpConfig | None = None
    webhooks: list[WebhookConfig] = []
    mqtt: list[MqttConfig] = []
    cap: CapConfig = CapConfig()
    drills: list[DrillSchedule] = []

    @model_validator(mode="after")
    def _cameras_differ(self) -> LiveConfig:
        ids = [camera.id for camera in self.cameras]
        double = next((i for i in ids if ids.count(i) > 1), None)
        if double is not None:
            raise ValueError(f"cameras: the id '{double}' is used twice")
        return self


def purposes_of(config: LiveConfig, camera: CameraConfig) -> frozenset[EventKind]:
    """Return what a camera is watched for, as configured."""
    return frozenset(camera.purposes or config.purposes or EventKind)


def load_config(path: Path) -> LiveConfig:
    """Read the file; relative paths in it are meant from where it lies.

    Raises:
        ParvisError: A key is wrong, a rule or its setting unknown, or a variable of the environment is not set.
    """
    try:
        config = LiveConfig.model_validate(read_toml(path))
    except ValidationError as error:
        raise ScenarioError(model_error(error, LiveConfig, path.name)) from None
    build_rules(config.rules)
    if config.tracker not in TRACKERS:
        raise ScenarioError(unknown("tracker", config.tracker, TRACKERS, path.name))
    for drill in config.drills:
        by_id = {camera.id: camera for camera in config.cameras}
        if drill.camera not in by_id:
            raise ScenarioError(unknown("camera", drill.camera, list(by_id), f"{path.name}: drills"))
        if by_id[drill.camera].calibration is None:
            raise ScenarioError(
                f"{path.name}: drills: camera '{drill.camera}' has no calibration, so nothing can be put into its "
                "pictures; see parvis calibrate"
            )
        if drill.kind not in purposes_of(config, by_id[drill.camera]):
            raise ScenarioError(f"{path.name}: drills: camera '{drill.camera}' is not watched for {drill.kind}")
    for camera in config.cameras:
        where = f"{path.name}: cameras.{camera.id}" if config.camera_motion == "poses" else path.name
        check_mode(config.camera_motion, where, calibrated=camera.calibration is not None)
    if config.http is not None:
        tokens_of(config.http, path.name)
    check_webhooks(config.webhooks, path.name)
    check_brokers(config.mqtt, path.name)
    if lost := config.cap.areas.keys() - {camera.id for camera in config.cameras}:
        raise ScenarioError(unknown("camera", min(lost), [c.id for c in config.cameras], f"{path.name}: cap.areas"))
    beside = path.parent
    cameras = []
    for camera in config.cameras:
        known = None if camera.calibration is None else beside / camera.calibration
        if known is not None and not known.is_file():
            raise ScenarioError(f"{path.name}: cameras.{camera.id}.calibration: there is no file {known}")
        source = _from(beside, camera.source)
        cameras.append(camera.model_copy(update={"calibration": known, "source": source}))
    return config.model_copy(
        update={"cameras": cameras, "store": config.store if is_server(config.store) else beside / config.store}
    )


def _from(beside: Path, source: str) -> str:
    """Return a source with its path as seen from here; a variable that is not set is said now, not by a process later.

    What variables of an address hold is not put in: it may be a password.
    """
    meant = expand(source)
    if scheme(meant) is not None or meant.startswith("webcam:"):
        return source
    return str(beside / meant)
