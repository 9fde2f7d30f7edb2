"""The description of the interface, OpenAPI 3.1."""

from __future__ import annotations

from typing import Any, Final

from detect.desk import AlertState, Verdict
from detect.drills import DRILLED, DrillState
from scenarios.event import EventKind

__all__ = ["description"]

_ERROR: Final = {"$ref": "#/components/schemas/Error"}
_TEXT: Final = {"type": "string"}
_NUMBER: Final = {"type": ["number", "null"]}


def description() -> dict[str, Any]:
    """Return it as plain JSON values."""
    camera = _parameter("camera", "Id of a camera.")
    alert = _parameter("alert", "Id of an alert.")
    asked = [
        {"name": "state", "in": "query", "schema": {"type": "string", "enum": [s.value for s in AlertState]}},
        {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 200}},
    ]
    return {
        "openapi": "3.1.0",
        "info": {"title": "Parvis live", "version": "1", "description": "Alerts that a human decides."},
        "security": [{"token": []}],
        "paths": {
            "/openapi.json": {"get": _answers("This description.", _json({"type": "object"}))},
            "/metrics": {"get": _answers("Metrics for Prometheus.", {"text/plain": {"schema": _TEXT}})},
            "/api/cameras": {"get": _answers("All cameras.", _json(_many("Camera")))},
            "/api/cameras/{camera}/snapshot.jpg": {
                "parameters": [camera],
                "get": _answers("The newest picture, people pixelated.", {"image/jpeg": {}}, 404),
            },
            "/api/cameras/{camera}/stream.mjpeg": {
                "parameters": [camera],
                "get": _answers("Pictures as they come, at most an hour.", {"multipart/x-mixed-replace": {}}, 404),
            },
            "/api/alerts": {
                "get": {"parameters": asked, **_answers("Alerts, the newest first.", _json(_many("Alert")), 422)}
            },
            "/api/alerts/{alert}": {
                "parameters": [alert],
                "get": _answers("One alert.", _json({"$ref": "#/components/schemas/Alert"}), 404),
            },
            "/api/alerts/{alert}/still.jpg": {
                "parameters": [alert],
                "get": _answers("The picture at which it was raised.", {"image/jpeg": {}}, 404),
            },
            "/api/alerts/{alert}/cap.xml": {
                "parameters": [alert],
                "get": _answers(
                    "What was confirmed, as a message of the Common Alerting Protocol 1.2.",
                    {"application/cap+xml": {}},
                    404,
                    409,
                ),
            },
            "/api/alerts/{alert}/decision": {
                "parameters": [alert],
                "post": {
                    "requestBody": {
                        "required": True,
                        "content": _json({"$ref": "#/components/schemas/Decision"}),
                    },
                    **_answers(
                        "Recorded, by the name of whose token it is.",
                        _json({"type": "object"}),
                        400,
                        404,
                        409,
                        413,
                        422,
                    ),
                },
            },
            "/api/drills": {"get": _answers("Drills, the newest first.", _json(_many("Drill")))},
            "/api/audit": {"get": _answers("Whether the record is intact.", _json({"type": "object"}))},
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": _schemas(),
        },
    }


def _schemas() -> dict[str, Any]:
    return {
        "Error": _object({"error": _TEXT}),
        "Decision": {
            "type": "object",
            "properties": {
                "verdict": {"type": "string", "enum": [v.value for v in Verdict]},
                "reason": {"type": "string", "maxLength": 2000, "description": "Needed to dismiss."},
            },
            "required": ["verdict"],
            "additionalProperties": False,
        },
        "Camera": _object(
            {
                "id": _TEXT,
                "state": _TEXT,
                "live": {"type": "boolean"},
                "words": _TEXT,
                "picture_age_s": _NUMBER,
                "counters": {"type": "object", "additionalProperties": {"type": "integer"}},
            }
        ),
        "Drill": _object(
            {
                "id": _TEXT,
                "camera": _TEXT,
                "kind": {"type": "string", "enum": [kind.value for kind in DRILLED]},
                "state": {"type": "string", "enum": [s.value for s in DrillState]},
                "asked_at": {"type": "string", "format": "date-time"},
                "delay_s": _NUMBER,
                "alert": {"type": ["string", "null"]},
                "words": _TEXT,
            }
        ),
        "Alert": _object(
            {
                "id": _TEXT,
                "state": {"type": "string", "enum": [s.value for s in AlertState]},
                "raised_at": {"type": "string", "format": "date-time"},
                "lasts": {"type": "boolean"},
                "events": {"type": "integer"},
                "event": {
                    "type": "object",
                    "description": "With ``drill`` where it is about what a drill has put into the picture.",
                    "properties": {
                        "kind": {"type": "string", "enum": [k.value for k in EventKind]},
                        "drill": _TEXT,
                    },
                },
            }
        ),
    }


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _many(name: str) -> dict[str, Any]:
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _answers(words: str, content: dict[str, Any], *errors: int) -> dict[str, Any]:
    said = {"description": "Said in words.", "content": _json(_ERROR)}
    wrong = {str(code): said for code in (401, 421, *errors, 503)}
    return {"summary": words, "responses": {"200": {"description": words, "content": content}} | wrong}


def _parameter(name: str, words: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "description": words, "schema": _TEXT}
