"""The verb `sutja corrections`: list what was corrected, make a data set of it, delete it."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from sutja.cli.common import Json
from sutja.errors import UsageError

if TYPE_CHECKING:
    from sutja.data.corrections.store import Corrections, StoredCorrection


def corrections(
    folder: Annotated[Path, typer.Argument(help="The folder in which `sutja serve` keeps them.")] = Path("corrections"),
    export: Annotated[
        Optional[Path],
        typer.Option("--export", metavar="FILE|FOLDER", help="Write them as a data set: FILE.npz, or a folder of IDX."),
    ] = None,
    delete: Annotated[
        Optional[list[str]], typer.Option("--delete", metavar="ID", help="Delete this one; may be given again.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Delete all of them.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Delete without a question; replace what was exported before.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List the corrections made on the page of `sutja serve`, export them as a data set, or delete them.

    They are kept on this computer only, each with the picture that it is from. A data set of them has every sixth as a
    test digit, as MNIST has; `sutja train --from convnet-small --data FOLDER` learns from all. Of a digit that was
    corrected again, both take the last label only.
    """
    from sutja.data.corrections.store import Corrections

    if sum([export is not None, bool(delete), everything]) > 1:
        raise UsageError("--export, --delete and --all: one at a time")
    kept = Corrections(folder)
    if export is not None:
        _export(kept, export, force=force, as_json=as_json)
    elif delete or everything:
        _delete(kept, set(delete or kept.ids()), force=force, as_json=as_json)
    else:
        _show(kept, as_json=as_json)


def _show(kept: Corrections, *, as_json: bool) -> None:
    from sutja.cli.console import out, print_json, print_path, print_table, remark
    from sutja.reports.tables import correction_table

    found = kept.all()
    if as_json:
        print_json([_described(each) for each in found])
        return
    if not found:
        remark(f"no corrections in {kept.folder}: `sutja serve` opens the page to make some")
        return
    print_table(correction_table(found))
    folder = shlex.quote(str(kept.folder))
    out.print(
        f"{_counted(len(found))}. `sutja train --from convnet-small --data {folder}` learns from them.", markup=False
    )
    print_path("Folder", kept.folder)


def _described(each: StoredCorrection) -> dict[str, Any]:
    correction = each.correction
    return {
        "id": each.id,
        "time": each.time,
        "label": correction.label,
        "guess": correction.guess,
        "confidence": correction.confidence,
        "box": list(correction.box) if correction.box else None,
        "picture": str(each.picture) if each.picture else None,
    }


def _export(kept: Corrections, path: Path, *, force: bool, as_json: bool) -> None:
    from sutja.cli.console import print_json, print_path
    from sutja.data.dataset import format_from_path, hold_out_every_sixth, save_dataset

    form = format_from_path(path)
    dataset = hold_out_every_sixth(kept.folder.resolve().name, kept.digits())
    save_dataset(dataset, path, form=form, force=force)
    if as_json:
        print_json({"path": str(path), "train": len(dataset.train), "test": len(dataset.test)})
    else:
        print_path(f"{len(dataset.train)} training and {len(dataset.test)} test digits", path)


def _delete(kept: Corrections, ids: set[str], *, force: bool, as_json: bool) -> None:
    from sutja.cli.console import out, print_json, remark

    there = kept.ids()
    unknown = sorted(ids - set(there))
    if unknown:
        raise UsageError(f"{kept.folder}: no correction has the id {unknown[0]}: `sutja corrections` lists them")
    if not force and ids:
        which = "all " if len(ids) == len(there) > 1 else ""
        if not _is_person():
            raise UsageError(
                f"{which}{_counted(len(ids))} would be deleted for good: --force does it without a question"
            )
        question = f"Delete {which}{_counted(len(ids))} in {kept.folder} and their pictures for good?"
        if not typer.confirm(question, default=False, err=True):
            remark("nothing was deleted")
            raise typer.Exit(1)
    number = kept.delete(ids)
    if as_json:
        print_json({"deleted": number, "left": len(kept)})
    else:
        out.print(f"{_counted(number)} deleted, {len(kept)} left", markup=False)


def _is_person() -> bool:
    """Whether somebody can answer a question."""
    return sys.stdin.isatty()


def _counted(number: int) -> str:
    return f"{number} correction" + ("" if number == 1 else "s")
