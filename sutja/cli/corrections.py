"""`sutja corrections`: list corrections, export them as a data set, or delete them."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from sutja.cli.common import Json
from sutja.errors import UsageError
from sutja.files import resolved

if TYPE_CHECKING:
    from sutja.data.corrections.store import Corrections, StoredCorrection


def corrections(
    folder: Annotated[Path, typer.Argument(help="The folder where `sutja serve` stores them.")] = Path("corrections"),
    export: Annotated[
        Optional[Path],
        typer.Option(
            "--export", metavar="FILE|FOLDER", help="Write them as a data set: FILE.npz, or a folder of IDX files."
        ),
    ] = None,
    delete: Annotated[
        Optional[list[str]],
        typer.Option("--delete", metavar="ID", help="Delete the correction with this ID; may be repeated."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Delete all corrections.")] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Keep the sound lines of a damaged corrections.jsonl.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Delete without asking; replace an earlier export.")] = False,
    as_json: Json = False,
) -> None:
    """List the corrections made on the page of `sutja serve`, export them as a data set, or delete them.

    They are stored on this computer only, each with its picture. An export has one test digit for five training
    digits, as MNIST has; `sutja train --from convnet-small --data FOLDER` learns from all of them. For a digit that
    was corrected twice, both use only the last label.
    """
    from sutja.data.corrections.store import Corrections

    if sum([export is not None, bool(delete), everything, repair]) > 1:
        raise UsageError("--export, --delete, --all and --repair: only one at a time")
    store = Corrections(folder)
    if export is not None:
        _export(store, export, force=force, as_json=as_json)
    elif repair:
        _repair(store, as_json=as_json)
    elif delete or everything:
        _delete(store, set(delete or store.ids()), force=force, as_json=as_json)
    else:
        _show(store, as_json=as_json)


def _show(store: Corrections, *, as_json: bool) -> None:
    from sutja.cli.console import out, print_json, print_path, print_table, remark
    from sutja.reports.tables import correction_table

    found = store.all()
    if as_json:
        print_json([_as_json(stored) for stored in found])
        return
    if not found:
        remark(f"no corrections in {store.folder}: `sutja serve` opens the page to make some")
        return
    print_table(correction_table(found))
    folder = shlex.quote(str(store.folder))
    out.print(
        f"{_counted(len(found))}. `sutja train --from convnet-small --data {folder}` learns from them.", markup=False
    )
    print_path("Folder", store.folder)


def _as_json(stored: StoredCorrection) -> dict[str, Any]:
    correction = stored.correction
    return {
        "id": stored.id,
        "time": stored.time,
        "label": correction.label,
        "guess": correction.guess,
        "confidence": correction.confidence,
        "box": list(correction.box) if correction.box else None,
        "picture": str(stored.picture) if stored.picture else None,
    }


def _export(store: Corrections, path: Path, *, force: bool, as_json: bool) -> None:
    from sutja.cli.console import print_json, print_path
    from sutja.data.dataset import format_from_path, hold_out_every_sixth, save_dataset

    form = format_from_path(path)
    dataset = hold_out_every_sixth(resolved(store.folder).name, store.digits())
    save_dataset(dataset, path, file_format=form, force=force)
    if as_json:
        print_json({"path": str(path), "train": len(dataset.train), "test": len(dataset.test)})
    else:
        print_path(f"{len(dataset.train)} training and {len(dataset.test)} test digits", path)


def _delete(store: Corrections, ids: set[str], *, force: bool, as_json: bool) -> None:
    from sutja.cli.console import out, print_json, remark

    known = store.ids()
    unknown = sorted(ids - set(known))
    if unknown:
        raise UsageError(f"{store.folder}: no correction has the id {unknown[0]}: `sutja corrections` lists them")
    if not force and ids:
        which = "all " if len(ids) == len(known) > 1 else ""
        if not _can_ask():
            raise UsageError(
                f"{which}{_counted(len(ids))} would be deleted permanently: --force deletes without asking"
            )
        question = f"Delete {which}{_counted(len(ids))} in {store.folder} and their pictures permanently?"
        if not typer.confirm(question, default=False, err=True):
            remark("nothing was deleted")
            raise typer.Exit(1)
    number = store.delete(ids)
    if as_json:
        print_json({"deleted": number, "left": len(store)})
    else:
        out.print(f"{_counted(number)} deleted, {len(store)} left", markup=False)


def _repair(store: Corrections, *, as_json: bool) -> None:
    from sutja.cli.console import out, print_json

    kept, removed = store.repair()
    if as_json:
        print_json({"kept": kept, "removed": removed})
    else:
        lines = f"{removed} damaged line" + ("" if removed == 1 else "s")
        out.print(f"{_counted(kept)} kept, {lines} removed", markup=False)


def _can_ask() -> bool:
    """Whether a person can answer a question on standard input."""
    return sys.stdin.isatty()


def _counted(number: int) -> str:
    return f"{number} correction" + ("" if number == 1 else "s")
