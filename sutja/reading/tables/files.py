"""Files of tables: the forms that `--to` knows, by the suffix of the file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryFile

from sutja.errors import SutjaError, UsageError
from sutja.files import resolved, whole_file
from sutja.reading.tables.formats import pages_csv, pages_json, pages_markdown
from sutja.reading.tables.languages import TableLanguage
from sutja.reading.tables.page import PageTables
from sutja.reading.tables.workbook import workbook_bytes

TABLE_FORMS: dict[str, Callable[[Sequence[PageTables], TableLanguage], bytes]] = {
    ".xlsx": workbook_bytes,
    ".csv": lambda pages, _: pages_csv(pages).encode(),
    ".tsv": lambda pages, _: pages_csv(pages, "\t").encode(),
    ".json": lambda pages, _: pages_json(pages).encode(),
    ".md": lambda pages, language: pages_markdown(pages, language).encode(),
}


def prepare_table_file(path: Path) -> None:
    """Make the folder of a file of tables, so that what cannot be written is known before any picture is read.

    Raises `UsageError` for an unknown form, and `SutjaError` for a file that cannot be written.
    """
    if path.suffix.lower() not in TABLE_FORMS:
        raise UsageError(f"{path}: tables are written as {', '.join(TABLE_FORMS)}: end the name with one of these")
    if resolved(path).is_dir():
        raise SutjaError(f"{path}: is a folder, so it is not replaced")
    folder = resolved(path).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):  # permissions alone do not tell: the disk may be read-only, or full
            pass
    except (FileExistsError, NotADirectoryError) as error:
        raise SutjaError(f"{path}: cannot be written: {error.filename} is no folder") from error
    except OSError as error:
        raise SutjaError(f"{path}: cannot be written: {error.strerror}") from error


def write_table_file(path: Path, pages: Sequence[PageTables], language: TableLanguage = "en") -> None:
    """Write the tables of pictures in the form of the file's suffix, whole or not at all.

    `language` is the language of headings and notes in workbooks and Markdown.
    """
    content = TABLE_FORMS[path.suffix.lower()](pages, language)
    with whole_file(path) as partial:
        partial.write_bytes(content)
