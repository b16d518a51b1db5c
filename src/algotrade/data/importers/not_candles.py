"""Files that live beside candles and are none: trades, funding rates, mark prices."""

import gzip
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import feather

from algotrade.data.importers.names import bare_name
from algotrade.data.importers.text import head_lines, header_of, is_delimited_text

_BY_NAME = (
    (re.compile(r"[-_](agg)?trades([-_]|$)", re.IGNORECASE), "trades"),
    (re.compile(r"[-_]funding_?rates?([-_]|$)", re.IGNORECASE), "funding rates"),
    (re.compile(r"[-_]mark([-_]|$)", re.IGNORECASE), "mark prices"),
)
_TRADE_COLUMNS = ({"price", "amount"}, {"price", "quantity"}, {"price", "qty"})


def kind_of_other_record(path: Path) -> str | None:
    """Say what the file holds if it is a known kind of record other than candles ("trades"), else None."""
    for pattern, kind in _BY_NAME:
        if pattern.search(bare_name(path)):
            return kind
    names = set(column_names(path))
    if "close" in names:
        return None
    if any(columns <= names for columns in _TRADE_COLUMNS):
        return "trades"
    return "funding rates" if names & {"funding_rate", "fundingrate"} else None


def column_names(path: Path) -> list[str]:
    """Columns of the file in lower case; none where the file cannot tell."""
    suffix = path.suffix.lower()
    if is_delimited_text(path):
        lines = head_lines(path)
        return header_of(lines[0]) if lines else []
    try:
        if suffix == ".parquet":
            return [name.lower() for name in pq.read_schema(path).names]
        if suffix == ".feather":
            return [name.lower() for name in feather.read_table(path, memory_map=True).column_names]
    except (pa.ArrowInvalid, OSError, gzip.BadGzipFile):
        # A damaged file is its importer's to complain about.
        return []
    return []
