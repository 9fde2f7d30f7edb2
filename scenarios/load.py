"""TOML to ``Scenario``: every check, and the one sentence that it says."""

from __future__ import annotations

import re
import tomllib
import types
import typing
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from scenarios.beside import FOLDER, find_beside
from scenarios.errors import ScenarioError, unknown
from scenarios.scenario import Scenario

__all__ = ["json_schema", "library", "load_scenario", "model_error", "read_toml"]

_LIBRARY: Final = files("scenarios") / "library"


def library() -> dict[str, Path]:
    """Return the scenarios that come with Parvis: name to file, sorted."""
    return {Path(str(f)).stem: Path(str(f)) for f in sorted(_LIBRARY.iterdir(), key=str) if f.name.endswith(".toml")}


def load_scenario(wanted: str | Path, overrides: Sequence[str] = ()) -> Scenario:
    """Load a scenario by its name in the library or by its file.

    Args:
        wanted: Such as ``forecourt_bag_v1`` or ``my/place.toml``.
        overrides: ``key=value`` each, with a dotted key; entries of lists are named by their id or their number:
            ``venue.gates.north.open=false``.

    Raises:
        ScenarioError: It does not exist, is no TOML, or does not make sense; the message names file, key and value.
    """
    path = _find(str(wanted))
    raw = read_toml(path)
    where = f"{path.name}"
    for override in overrides:
        _override(raw, override)
        where = f"{path.name} with {override}"
    _read_calibrations(raw, path)
    try:
        return Scenario.model_validate(raw, context={FOLDER: path.parent})
    except ValidationError as error:
        raise ScenarioError(model_error(error, Scenario, where)) from None


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        ScenarioError: It cannot be read or is no TOML; the message names the line.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ScenarioError(f"{path}: there is no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{path}: cannot be read ({error})") from None
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"{path}: is not valid TOML: {str(error)[:1].lower()}{str(error)[1:]}") from None


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of scenario files, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | Scenario.model_json_schema(mode="validation")


def model_error(error: ValidationError, model: type[BaseModel], where: str) -> str:
    """Say one thing that is wrong in one sentence: file, key, value, what would be right.

    Args:
        error: What pydantic found.
        model: The model that was to be built.
        where: The file.
    """
    every = error.errors(include_url=False)
    # a key that is missing is often one that was misspelt: the misspelling says more
    found = next((e for e in every if e["type"] == "extra_forbidden"), every[0])
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    loc = list(found["loc"])
    owner, key = _locate(loc, model)
    context = found.get("ctx", {})
    value = found["input"]
    if found["type"] == "missing":
        text = f"the key '{key}' is missing"
    elif found["type"] == "extra_forbidden":
        text = unknown("key", str(loc[-1]), owner.model_fields if owner else (), key.rpartition(".")[0])
    elif found["type"] in ("enum", "literal_error"):
        text = unknown("value", str(value), re.findall(r"'([^']*)'", context["expected"]) or [context["expected"]], key)
    elif found["type"] == "union_tag_invalid":
        text = unknown("kind", str(context["tag"]), re.findall(r"'([^']*)'", context["expected_tags"]), key)
    elif found["type"] == "union_tag_not_found":
        text = f"the key {context['discriminator']} of '{key}' is missing"
    elif found["type"] == "value_error":
        text = f"{key}: {context['error']}" if key else str(context["error"])
    else:
        text = f"{key} = {_short(value)}: {found['msg'][:1].lower()}{found['msg'][1:]}"
    return f"{where}: {text}{more}"


def _find(wanted: str) -> Path:
    if wanted.endswith(".toml") or "/" in wanted:
        path = Path(wanted)
        if not path.is_file():
            raise ScenarioError(f"{wanted}: there is no such scenario file")
        return path
    known = library()
    if wanted not in known:
        raise ScenarioError(unknown("scenario", wanted, known))
    return known[wanted]


def _read_calibrations(raw: dict[str, Any], path: Path) -> None:
    """Put the tables of calibration files in place of their names."""
    cameras = raw.get("cameras")
    for number, camera in enumerate(cameras if isinstance(cameras, list) else []):
        plate = camera.get("plate") if isinstance(camera, dict) else None
        if not isinstance(plate, dict) or not isinstance(plate.get("calibration"), str):
            continue
        key = f"{path.name}: cameras[{number}].plate.calibration"
        plate["calibration"] = read_toml(find_beside(plate["calibration"], path.parent, key))


def _override(raw: dict[str, Any], override: str) -> None:
    key, sign, text = override.partition("=")
    key = key.strip()
    if not sign or not key:
        raise ScenarioError(f"--set {override}: should be key=value, such as duration_s=30")
    try:
        value = tomllib.loads(f"value = {text.strip()}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()
    parts = key.split(".")
    here: Any = raw
    for depth, part in enumerate(parts[:-1]):
        here = _child(here, part, f"--set {override}: {'.'.join(parts[:depth]) or 'scenario'}")
    if isinstance(here, list):
        here[_index(here, parts[-1], f"--set {override}")] = value
    elif isinstance(here, dict):
        here[parts[-1]] = value
    else:
        raise ScenarioError(f"--set {override}: '{'.'.join(parts[:-1])}' is a plain value and has no keys")


def _child(here: Any, part: str, where: str) -> Any:
    if isinstance(here, dict):
        return here.setdefault(part, {})
    if isinstance(here, list):
        return here[_index(here, part, where)]
    raise ScenarioError(f"{where}: is a plain value and has no key '{part}'")


def _index(entries: list[Any], part: str, where: str) -> int:
    ids = [entry.get("id") if isinstance(entry, dict) else None for entry in entries]
    if part in ids:
        return ids.index(part)
    if part.isdigit() and int(part) < len(entries):
        return int(part)
    raise ScenarioError(unknown("entry", part, [i for i in ids if i], where))


def _locate(loc: list[int | str], model: type[BaseModel]) -> tuple[type[BaseModel] | None, str]:
    """Follow pydantic's location through the models: the model that owns the last key, and the dotted key."""
    owner: type[BaseModel] | None = model
    choices: list[type[BaseModel]] = [model]
    key = ""
    for part in loc:
        if isinstance(part, int):
            key += f"[{part}]"
            continue
        tagged = [c for c in choices if len(choices) > 1 and part in _tags(c)]
        if tagged:
            choices = tagged
            continue
        owner = choices[0] if choices else None
        key += f".{part}" if key else part
        field = owner.model_fields.get(part) if owner else None
        choices = _models(field.annotation) if field else []
    return owner, key


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if typing.get_origin(annotation) is typing.Annotated or isinstance(annotation, types.UnionType):
        return [m for part in typing.get_args(annotation) for m in _models(part)]
    if typing.get_origin(annotation) in (list, typing.Union, dict, tuple):
        return [m for part in typing.get_args(annotation) for m in _models(part)]
    return []


def _tags(model: type[BaseModel]) -> set[str]:
    """Return the values by which a union knows this model: all its literals."""
    fields = [f for f in model.model_fields.values() if typing.get_origin(f.annotation) is typing.Literal]
    return {str(getattr(v, "value", v)) for f in fields for v in typing.get_args(f.annotation)}


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
