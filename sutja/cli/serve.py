"""The verb that opens the page: `sutja serve`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sutja.cli.common import Model

if TYPE_CHECKING:
    import socket

    from fastapi import FastAPI


def serve(
    host: Annotated[
        str, typer.Option("--host", help="Where to listen; 0.0.0.0 lets other computers and phones in.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="The port; 0 = any that is free.")] = 8000,
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    model: Model = "line-reader",
    corrections: Annotated[
        Path, typer.Option("--corrections", metavar="DIR", help="The folder in which corrections are kept.")
    ] = Path("corrections"),
) -> None:
    """Open the page on which one draws, photographs and corrects numbers.

    Ctrl-C ends it. Corrections stay in their folder on this computer: `sutja corrections` lists them, and
    `sutja train --from convnet-small --data DIR` learns from them.
    """
    import python_multipart  # noqa: F401  # which Starlette misses only when the first form comes

    from sutja.cli.console import print_path, remark
    from sutja.data.corrections.store import Corrections
    from sutja.errors import printable
    from sutja.reading.reader import reader_models
    from sutja.web.app import create_app
    from sutja.web.same_origin import is_loopback, local_names
    from sutja.web.server import listen
    from sutja.web.settings import Settings

    line_reader, classifier = reader_models(model)
    settings = Settings(
        model=line_reader,
        classifier=classifier,
        corrections=corrections,
        hosts=local_names(host) if is_loopback(host) else None,
    )
    app = create_app(settings)
    kept = Corrections(corrections)
    len(kept)  # a damaged file is told now, not when somebody has corrected something
    with listen(host, port) as listener:
        print_path("Corrections", corrections.resolve())
        if not kept.writable:
            remark(f"{printable(str(corrections))}: cannot be written: corrections will not be kept")
        _run(app, listener, _address(listener, host), open_page=open_page)


def _address(listener: socket.socket, host: str) -> str:
    """What to type into a browser on this computer."""
    name = {"0.0.0.0": "localhost", "::": "localhost"}.get(host, host)  # noqa: S104  # told, not listened on
    return f"http://{f'[{name}]' if ':' in name else name}:{listener.getsockname()[1]}"


def _run(app: FastAPI, listener: socket.socket, address: str, *, open_page: bool) -> None:
    """Print the address once the readers are ready, and serve until Ctrl-C, which is no failure."""
    import contextlib
    import threading
    import webbrowser

    from sutja.cli.console import remark
    from sutja.web.server import make_server

    def announce() -> None:
        print(f"sutja listens on {address}", flush=True)
        remark("Ctrl-C ends it")
        if open_page:  # in a thread: some browsers block their caller
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()

    with contextlib.suppress(KeyboardInterrupt):  # not raised where SIGINT was ignored before: the server just returns
        make_server(app, announce).run(sockets=[listener])
    remark("stopped")
