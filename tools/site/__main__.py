"""Build the documentation site in build/site/html: `python -m tools.site`. A dead link fails."""

from __future__ import annotations

import sys

from sutja.errors import SutjaError
from tools.site.building import build


def main() -> None:
    """Build, and say where the site is; exits with 1 for a fault."""
    try:
        print(build() / "index.html")
    except SutjaError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
