"""The page “inside”: one draws a digit, and the published networks and one's own answer in the browser, layer by layer.

The scripts are those of reports. The published networks lie in the package as lists of layers; one's own is listed by a
process of its own, because only PyTorch can open it and the server does without.
"""

from __future__ import annotations

import asyncio
import json
import sys
from html import escape
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, HTTPException
from starlette.responses import FileResponse, HTMLResponse
from starlette.staticfiles import StaticFiles

from sutja.models.catalogue import WEIGHTS
from sutja.models.layer_list import join_packed
from sutja.models.open import open_model
from sutja.web.settings import ServerSettings

PUBLISHED_NETWORKS = Path(__file__).parent / "published_networks.json"
TEMPLATE = Path(__file__).parent / "inside.html"
REPORTS = Path(str(files("sutja.reports")))  # its scripts and styles; its modules need PyTorch
SERVED_STYLES = ("report.css", "inside.css")
MAX_LISTING_SECONDS = 300
NO_PYTORCH = "{name} is not shown: that needs PyTorch, which the extra 'train' of sutja brings"
NOT_LISTED = "{name} is not shown: {why}"


def add_inside_page(app: FastAPI, settings: ServerSettings) -> None:
    """Add the page, its scripts and its styles to the app."""
    router = APIRouter(include_in_schema=False)
    lock, pages = asyncio.Lock(), list[str]()

    @router.api_route("/inside", methods=["GET", "HEAD"])
    async def inside() -> HTMLResponse:
        async with lock:  # listed once, at the first visit
            if not pages:
                pages.append(await _render_inside(settings))
        return HTMLResponse(pages[0])

    @router.get("/inside/styles/{name}")
    async def style(name: str) -> FileResponse:
        if name not in SERVED_STYLES:
            raise HTTPException(404)
        return FileResponse(REPORTS / "templates" / name, media_type="text/css")

    app.include_router(router)
    app.mount("/inside/scripts", StaticFiles(directory=REPORTS / "scripts"), name="inside-scripts")


async def _render_inside(settings: ServerSettings) -> str:
    packed, remarks = json.loads(PUBLISHED_NETWORKS.read_text(encoding="utf-8")), []
    for word in dict.fromkeys((settings.model, settings.classifier)):
        model = open_model(word)
        if model.path.parent != WEIGHTS and model.reads == "digits":
            own, remark = await _list_own(str(word), model.name)
            packed = join_packed(own, packed) if own else packed
            remarks += [remark] if remark else []
    page = TEMPLATE.read_text(encoding="utf-8")
    page = page.replace("<!-- remarks -->", "".join(f"<p>{escape(remark)}</p>" for remark in remarks))
    return page.replace("<!-- networks -->", json.dumps(packed).replace("<", "\\u003c"))


async def _list_own(word: str, name: str) -> tuple[dict[str, Any] | None, str]:
    """The network of a model, packed, or why it cannot be shown."""
    if find_spec("torch") is None:
        return None, NO_PYTORCH.format(name=name)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "sutja.export.layer_lists", word),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        packed, complaint = await asyncio.wait_for(process.communicate(), MAX_LISTING_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
        return None, NOT_LISTED.format(name=name, why=f"listing its layers took more than {MAX_LISTING_SECONDS} s")
    if process.returncode:
        why = complaint.decode(errors="replace").strip().splitlines()[-1:] or ["listing its layers failed"]
        return None, NOT_LISTED.format(name=name, why=why[0])
    listed: dict[str, Any] = json.loads(packed)
    return listed, ""
