"""Delimited text: plain, gzipped, or the single member of a zip archive."""

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.csv as pa_csv

from algotrade.errors import BadCandles, UnknownFormat

_HEAD_BYTES = 65_536


class Readable(Protocol):
    """Anything that bytes can be read from."""

    def read(self, size: int = -1, /) -> bytes:
        """Read up to ``size`` bytes, all by default."""


def is_delimited_text(path: Path) -> bool:
    """Tell by the name whether the file may hold delimited text."""
    return path.name.lower().endswith((".csv", ".csv.gz", ".zip"))


def head_lines(path: Path) -> list[str]:
    """First complete lines of the file, up to 64 KiB of them; none if the file is empty.

    Raises
    ------
    UnknownFormat
        If an archive is damaged or does not hold exactly one CSV file.
    """
    state = path.stat()
    return list(_head_lines(path, state.st_mtime_ns, state.st_size))


# Every importer looks at the same head in turn; the time and size of the file tell when it is another one.
@lru_cache(maxsize=1)
def _head_lines(path: Path, _changed: int, _size: int) -> tuple[str, ...]:
    try:
        with _opened(path) as stream:
            head = stream.read(_HEAD_BYTES)
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise UnknownFormat(f"{path.name} cannot be unpacked: {error}. Get the file again.") from error
    lines = head.decode("utf-8-sig", errors="replace").splitlines()
    return tuple(lines[:-1] if len(head) == _HEAD_BYTES else lines)


def header_of(line: str) -> list[str]:
    """Column names of a header line in lower case, blanks as underscores.

    >>> header_of("Open Time,Open,Quote Asset Volume")
    ['open_time', 'open', 'quote_asset_volume']
    """
    return [cell.strip().strip('"').lower().replace(" ", "_") for cell in line.split(",")]


def table_of_lines(lines: Sequence[str], names: Sequence[str], path: Path) -> pa.Table:
    """Table of data lines (no header among them) with the given column names."""
    return _parsed(io.BytesIO("\n".join(lines).encode()), 0, names, path)


def read_table(path: Path, skip_lines: int, names: Sequence[str]) -> pa.Table:
    """Table of the whole file after ``skip_lines`` lines, with the given column names.

    Raises
    ------
    BadCandles
        If a line has another number of cells than there are names.
    """
    with _opened(path) as stream:
        return _parsed(io.BytesIO(stream.read()), skip_lines, names, path)


def _parsed(content: io.BytesIO, skip_lines: int, names: Sequence[str], path: Path) -> pa.Table:
    try:
        return pa_csv.read_csv(content, read_options=pa_csv.ReadOptions(skip_rows=skip_lines, column_names=list(names)))
    except pa.ArrowInvalid as error:
        raise BadCandles(
            f"{path.name} breaks off or is damaged: {error}. Every line must have the {len(names)} cells "
            f"{', '.join(names)}. Get the file again, or remove the line."
        ) from error


@contextmanager
def _opened(path: Path) -> Iterator[Readable]:
    lower = path.name.lower()
    if lower.endswith(".zip"):
        with zipfile.ZipFile(path) as archive, archive.open(_single_member(path, archive)) as stream:
            yield stream
    elif lower.endswith(".gz"):
        with gzip.open(path) as unpacked:
            yield unpacked
    else:
        with path.open("rb") as plain:
            yield plain


def _single_member(path: Path, archive: zipfile.ZipFile) -> str:
    members = [name for name in archive.namelist() if name.lower().endswith(".csv") and "__MACOSX" not in name]
    if len(members) != 1:
        raise UnknownFormat(f"{path.name} holds {len(members)} CSV files; accepted is an archive with exactly one.")
    return members[0]
