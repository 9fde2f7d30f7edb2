"""The gallery's pictures and the plans of the library's scenarios as web routes."""

from __future__ import annotations

from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from dashboard.floor_plan import floor_plan
from dashboard.player import style
from scenarios.errors import ParvisError
from scenarios.load import library, load_scenario

__all__ = ["gallery_routes"]

_LARGER: Final = ".p-name, .p-zone-name { font-size: 22px; }"
"""A plan is shown at half the size for which it is drawn."""

_KEPT: Final = {"Cache-Control": "private, max-age=300", "X-Content-Type-Options": "nosniff"}


def gallery_routes() -> list[BaseRoute]:
    """Return the routes; a picture that nobody has seen yet is drawn when it is asked for."""

    async def jpeg(request: Request) -> Response:
        from dashboard.gallery import picture  # compiles the compositor's kernels: only who looks waits for it

        try:
            path = await run_in_threadpool(picture, request.path_params["exhibit"])
        except ParvisError as error:
            return PlainTextResponse(str(error), status_code=404, headers=_KEPT)
        return FileResponse(path, media_type="image/jpeg", headers=_KEPT)

    def plan(request: Request) -> Response:
        name = request.path_params["scenario"]
        if name not in library():
            return PlainTextResponse("there is no such scenario", status_code=404, headers=_KEPT)
        try:
            scenario = load_scenario(name)
            drawn = floor_plan(scenario.venue, [spec.build() for spec in scenario.cameras], [])
        except ParvisError as error:
            return PlainTextResponse(str(error), status_code=404, headers=_KEPT)
        assert drawn is not None
        picture = str(drawn).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
        picture = picture.replace(">", f"><style>{style()}{_LARGER}</style>", 1)
        return Response(picture, media_type="image/svg+xml", headers=_KEPT)

    return [Route("/gallery/{exhibit}.jpg", jpeg), Route("/gallery/plan/{scenario}.svg", plan)]
