"""The command that serves the web page: `sutja serve`."""

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
        str, typer.Option("--host", help="The address to listen on; 0.0.0.0 admits other computers and phones.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="The port; 0 takes a free one.")] = 8000,
    allow_host: Annotated[
        list[str] | None,
        typer.Option("--allow-host", metavar="NAME", help="Also answer requests for this host name; may be repeated."),
    ] = None,
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
    model: Model = "line-reader",
    corrections: Annotated[
        Path, typer.Option("--corrections", metavar="DIR", help="The folder that stores corrections.")
    ] = Path("corrections"),
) -> None:
    """Serve a web page to write, photograph and correct numbers.

    Ctrl-C stops the server. Corrections stay in their folder on this computer: `sutja corrections` lists them, and
    `sutja train --from convnet-small --data DIR` fine-tunes a network on them.

    The server answers requests for the names and addresses of this computer, and for those of --allow-host. It refuses
    other names, because a web page could make its own name lead here (DNS rebinding).
    """
    import python_multipart  # noqa: F401  # or Starlette fails at the first form

    from sutja.cli.console import print_path, remark
    from sutja.data.corrections.store import Corrections
    from sutja.errors import UsageError, printable
    from sutja.files import resolved
    from sutja.models.open import open_model
    from sutja.reading.reader import reader_models
    from sutja.web.app import create_app
    from sutja.web.same_origin import host_name, server_names
    from sutja.web.server import listen
    from sutja.web.settings import ServerSettings

    names = allow_host or []
    for name in names:
        if not host_name(f"[{name}]" if ":" in name else name):
            raise UsageError(f"--allow-host '{name}': not a host name; give a name or an IP address, without a port")
    line_reader, classifier = reader_models(model)
    open_model(classifier).require_digits()
    settings = ServerSettings(
        model=line_reader,
        classifier=classifier,
        corrections=corrections,
        hosts=server_names(host, names),
    )
    app = create_app(settings)
    store = Corrections(corrections)
    len(store)  # report a damaged file now, not at the first correction
    with listen(host, port) as listener:
        print_path("Corrections", resolved(corrections))
        if not store.writable:
            remark(f"{printable(str(corrections))}: not writable: corrections will not be stored")
        _run(app, listener, _address(listener, host), open_page=open_page)


def _address(listener: socket.socket, host: str) -> str:
    """The URL for a browser on this computer."""
    name = {"0.0.0.0": "localhost", "::": "localhost"}.get(host, host)  # noqa: S104  # not bound here
    return f"http://{f'[{name}]' if ':' in name else name}:{listener.getsockname()[1]}"


def _run(app: FastAPI, listener: socket.socket, address: str, *, open_page: bool) -> None:
    """Serve until Ctrl-C, a normal exit; print the address when the readers are ready."""
    import contextlib
    import threading
    import webbrowser

    from sutja.cli.console import remark
    from sutja.web.server import make_server

    def announce() -> None:
        print(f"sutja listens on {address}", flush=True)
        remark("Press Ctrl-C to stop")
        if open_page:  # in a thread, because some browsers block the caller
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()

    with contextlib.suppress(KeyboardInterrupt):  # not raised if SIGINT was ignored at the start
        make_server(app, announce).run(sockets=[listener])
    remark("stopped")
