"""The web app: the page and its API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.staticfiles import StaticFiles

from sutja import __version__
from sutja.data.corrections.store import Corrections
from sutja.models.catalogue import WEIGHTS, list_published
from sutja.models.open import open_model
from sutja.web.corrections import corrections_router
from sutja.web.docs import describe_api, render_docs
from sutja.web.headers import SecurityHeadersMiddleware
from sutja.web.inside import add_inside_page
from sutja.web.pool import BoundedPool
from sutja.web.problems import install_handlers
from sutja.web.reading import reading_router
from sutja.web.same_origin import SameOriginMiddleware
from sutja.web.schemas import HealthResponse, ModelResponse
from sutja.web.settings import ServerSettings
from sutja.web.tables import tables_router
from sutja.web.uploads import BodyReceiver
from sutja.web.workers import ReaderFactory, ReaderPool

STATIC_FOLDER = Path(__file__).parent / "static"
MIN_COMPRESSED_BYTES = 500  # of a file of the page
REVALIDATE = {"cache-control": "no-cache"}  # browsers may cache a file, but check whether it has changed


def create_app(settings: ServerSettings) -> FastAPI:
    """Create the app; raises what `Reader` and `Corrections` raise for invalid models or an invalid folder."""
    factory = ReaderFactory(settings.model, settings.classifier)
    factory.create()  # raise errors here, not in the worker processes
    bodies = BodyReceiver(max_megabytes=settings.max_body_megabytes, timeout_seconds=settings.body_timeout_seconds)
    max_queued, timeout_seconds = settings.max_queued, settings.reading_timeout_seconds
    readers = ReaderPool(factory, workers=settings.workers, max_queued=max_queued, timeout_seconds=timeout_seconds)
    disk = BoundedPool("corrections", workers=1, max_queued=max_queued, timeout_seconds=timeout_seconds)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        try:
            await asyncio.to_thread(readers.start)
            yield
        finally:
            readers.close()
            disk.close()

    app = FastAPI(
        title="sutja",
        version=__version__,
        description="Reads handwritten numbers in pictures, and stores corrections for training.",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    install_handlers(app)
    app.add_middleware(SameOriginMiddleware, hosts=settings.hosts)
    app.add_middleware(SecurityHeadersMiddleware)  # last: the outermost
    app.include_router(reading_router(readers, bodies))
    app.include_router(tables_router(readers, bodies))
    app.include_router(corrections_router(Corrections(settings.corrections), bodies, readers, disk))
    app.include_router(_server_router(settings))
    _add_pages(app)
    add_inside_page(app, settings)
    return app


def _server_router(settings: ServerSettings) -> APIRouter:
    router = APIRouter(tags=["server"])

    listed = _list_models(settings)  # once: the folder of a run may change later, but not the loaded model

    @router.get("/api/models", summary="List the models", response_model=list[ModelResponse])
    async def models() -> list[dict[str, Any]]:
        """The published models of this version, and those in use."""
        return listed

    @router.get("/healthz", summary="Check that the server answers", response_model=HealthResponse)
    async def healthz() -> dict[str, str]:
        """Answers at once, without a reader."""
        return {"status": "ok"}

    return router


def _list_models(settings: ServerSettings) -> list[dict[str, Any]]:
    """The published models, and the models in use that are not published."""
    used = [open_model(model) for model in (settings.model, settings.classifier)]
    listed = []
    for card in list_published()[0]:
        figures = card.figures.get("test")
        listed.append(
            {
                "name": card.name,
                "title": card.title,
                "reads": card.reads,
                "parameters": card.parameters,
                "accuracy": figures.accuracy if figures else None,
                "used": any(each.path == WEIGHTS / f"{card.name}.onnx" for each in used),
            }
        )
    for each in used:
        if each.path.parent != WEIGHTS:
            unknown = {"parameters": None, "accuracy": None, "used": True}
            listed.append({"name": each.name, "title": each.name, "reads": each.reads, **unknown})
    return [{**each, "version": __version__} for each in listed]


class _RevalidatedFiles(StaticFiles):
    """Static files that browsers cache and revalidate."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """A file, or 304 if the browser has it."""
        response = super().file_response(*args, **kwargs)
        response.headers.update(REVALIDATE)
        return response


def _add_pages(app: FastAPI) -> None:
    described = describe_api(app)
    app.openapi = lambda: described  # type: ignore[method-assign]
    docs = render_docs(described)

    @app.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(STATIC_FOLDER / "index.html", headers=REVALIDATE)

    @app.api_route("/docs", methods=["GET", "HEAD"], include_in_schema=False)
    async def documentation() -> HTMLResponse:
        return HTMLResponse(docs)

    static = GZipMiddleware(_RevalidatedFiles(directory=STATIC_FOLDER), minimum_size=MIN_COMPRESSED_BYTES)
    app.mount("/static", static, name="static")
