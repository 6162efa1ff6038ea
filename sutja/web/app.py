"""The server: the page, and the API behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.staticfiles import StaticFiles

from sutja import __version__
from sutja.data.corrections.store import Corrections
from sutja.models.catalogue import WEIGHTS, list_published
from sutja.models.open import open_model
from sutja.web.corrections import corrections_router
from sutja.web.docs import describe, render_docs
from sutja.web.headers import SecureHeaders
from sutja.web.pool import Pool
from sutja.web.problems import install_handlers
from sutja.web.reading import reading_router
from sutja.web.same_origin import Doorkeeper
from sutja.web.schemas import HealthAnswer, ModelAnswer
from sutja.web.settings import Settings
from sutja.web.uploads import Intake
from sutja.web.workers import Networks, Readers

STATIC = Path(__file__).parent / "static"
REVALIDATED = {"cache-control": "no-cache"}  # kept by the browser, but it asks whether there is a newer one


def create_app(settings: Settings) -> FastAPI:
    """Make the server's app. Raises what `Reader` and `Corrections` do where networks or folder are no good."""
    networks = Networks(settings.model, settings.classifier)
    networks.open()  # what is wrong with them is told here, not by the processes
    intake = Intake(megabytes=settings.megabytes, seconds=settings.body_seconds)
    waiting, seconds = settings.waiting, settings.reading_seconds
    readers = Readers(networks, workers=settings.workers, waiting=waiting, seconds=seconds)
    keeper = Pool("keeper", workers=1, waiting=waiting, seconds=seconds)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await asyncio.to_thread(readers.start)
        yield
        readers.close()
        keeper.close()

    app = FastAPI(
        title="sutja",
        version=__version__,
        description="Reads handwritten numbers in pictures, and keeps corrections to learn from.",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    install_handlers(app)
    app.add_middleware(Doorkeeper, hosts=settings.hosts)
    app.add_middleware(SecureHeaders)  # added last, so around everything else
    app.include_router(reading_router(readers, intake))
    app.include_router(corrections_router(Corrections(settings.corrections), intake, readers, keeper))
    app.include_router(_facts_router(settings))
    _add_pages(app)
    return app


def _facts_router(settings: Settings) -> APIRouter:
    router = APIRouter(tags=["server"])

    listed = _models(settings)  # once: a run's folder may change, but not what was read from it

    @router.get("/api/models", summary="List the networks", response_model=list[ModelAnswer])
    async def models() -> list[dict[str, Any]]:
        """The networks that this version has, and those that read now."""
        return listed

    @router.get("/healthz", summary="Ask whether the server is there", response_model=HealthAnswer)
    async def healthz() -> dict[str, str]:
        """Answers at once."""
        return {"status": "ok"}

    return router


def _models(settings: Settings) -> list[dict[str, Any]]:
    """The published networks, and those in use that are none of them."""
    used = [open_model(model) for model in (settings.model, settings.classifier)]
    listed = []
    for card in list_published()[0]:
        figures = card.figures.get("test")
        listed.append(
            {
                "name": card.name,
                "title": card.title,
                "reads": "lines" if card.reading is not None else "digits",
                "parameters": card.parameters,
                "accuracy": figures["accuracy"] if figures else None,
                "used": any(each.path == WEIGHTS / f"{card.name}.onnx" for each in used),
            }
        )
    for each in used:
        if each.path.parent != WEIGHTS:
            unknown = {"parameters": None, "accuracy": None, "used": True}
            listed.append({"name": each.name, "title": each.name, "reads": each.reads, **unknown})
    return [{**each, "version": __version__} for each in listed]


class _Static(StaticFiles):
    """Files that the browser keeps but asks after."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """A file, or that the browser's is still the same."""
        response = super().file_response(*args, **kwargs)
        response.headers.update(REVALIDATED)
        return response


def _add_pages(app: FastAPI) -> None:
    described = describe(app)
    app.openapi = lambda: described  # type: ignore[method-assign]
    docs = render_docs(described)

    @app.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(STATIC / "index.html", headers=REVALIDATED)

    @app.api_route("/docs", methods=["GET", "HEAD"], include_in_schema=False)
    async def documentation() -> HTMLResponse:
        return HTMLResponse(docs)

    app.mount("/static", _Static(directory=STATIC), name="static")
