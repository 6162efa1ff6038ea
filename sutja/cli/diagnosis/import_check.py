"""Import modules in a process of its own: `python -P import_check.py MODULE…`.

Before each import the name is printed, and after it the version or the error, so the caller also knows which import
ended the process: a package that was built for another processor takes Python down with it.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module


def import_modules() -> None:
    """Import the modules, and print a line of JSON before and after each."""
    for name in sys.argv[1:]:
        _send({"module": name})
        try:
            module = import_module(name)
        except ModuleNotFoundError as error:
            _send({"module": name, "missing": error.name or name})
        except BaseException as error:  # whatever a package raises when it is imported
            _send({"module": name, "error": f"{type(error).__name__}: {error}"})
        else:
            _send({"module": name, "version": str(getattr(module, "__version__", ""))})
    sys.stdout.flush()
    os._exit(0)  # what packages do when Python ends is of no interest, and takes time


def _send(values: dict[str, str]) -> None:
    print(json.dumps(values), flush=True)


if __name__ == "__main__":
    import_modules()
