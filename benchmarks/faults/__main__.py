"""Run parts of the fault harness: `python -m benchmarks.faults [--part NAME …] [--seed N] [--seconds N | --count N]`.

Without `--part` all parts run, for about a minute each. The figures go into `results/faults.json`, each part in place
of its earlier ones; `--add` adds them instead, so that many short runs with different seeds make a long one. A fault is
printed with the command that repeats it. Exits with 1 when there was one.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.faults.files import FORM_PARTS, repeat_file
from benchmarks.faults.parts import PARTS
from benchmarks.faults.report import print_measured, record_measured
from benchmarks.faults.session import Session


def main() -> None:
    """Run the parts, print their tables, and record them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", action="append", choices=PARTS, metavar="NAME", help=", ".join(PARTS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=60.0, metavar="N", help="for each part")
    parser.add_argument("--count", type=int, metavar="N", help="cases of each kind, however long they take")
    parser.add_argument("--processes", type=int, default=2, metavar="N", help="how many cases run at once")
    parser.add_argument("--kind", help="only the kind of this name, a row of the table")
    parser.add_argument("--case", type=int, metavar="N", help="only the case of this number; needs --part and --kind")
    parser.add_argument("--add", action="store_true", help="add to the recorded figures of the part")
    parser.add_argument("--dry", action="store_true", help="record nothing")
    options = parser.parse_args()
    faults = 0
    with tempfile.TemporaryDirectory(prefix="sutja-faults-", ignore_cleanup_errors=True) as folder:
        session = Session(
            Path(folder), options.seed, options.seconds, options.count, options.processes, options.kind, options.case
        )
        if options.case is not None and options.part[0] in FORM_PARTS:
            print(repeat_file(session, options.part[0], options.kind, options.case))
            return
        for name in options.part or PARTS:
            measured = PARTS[name](session, name)
            faults += print_measured(name, measured)
            if not options.dry and options.kind is None:
                print(f"→ {record_measured(name, measured, seed=options.seed, add=options.add)}", flush=True)
    sys.exit(faults > 0)


if __name__ == "__main__":
    main()
