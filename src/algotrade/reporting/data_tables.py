"""The tables and tiles of the page's data section as text."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from algotrade.reporting import formats
from algotrade.reporting.figures.quality import short_exchange
from algotrade.reporting.tables import Row, Table, Write

_MOST_GAPS = 12
_ANOMALIES = ("return_anomalies", "volume_anomalies", "stale_candles", "divergent_candles")


@dataclass(frozen=True)
class Tile:
    """One number of the data section with what it is of; ``noted`` if it deserves a look."""

    label: str
    value: str
    hint: str
    noted: bool = False


_QUALITY_COLUMNS: tuple[tuple[str, str, Write], ...] = (
    ("exchange", "Exchange", short_exchange),
    ("start", "From", formats.day),
    ("end", "To", formats.day),
    ("rows", "Candles", formats.count),
    ("missing_candles", "Missing", formats.count),
    ("gaps", "Gaps", formats.count),
    ("longest_gap_candles", "Longest", formats.count),
    ("quarantined", "Set aside", formats.count),
    ("duplicates", "Duplicates", formats.count),
    ("zero_volume", "Zero volume", formats.count),
    ("odd", "Worth a look", formats.count),
    ("last_candle_age_seconds", "Last candle's age", formats.age),
)
_SHOWN_IF_SEVERAL = "exchange"
_SHOWN_IF_KNOWN = "last_candle_age_seconds"
_DIVERGENCE_COLUMNS: tuple[tuple[str, str, Write], ...] = (
    ("median_deviation_bps", "Median deviation, bps", formats.significant),
    ("max_deviation_bps", "Highest, bps", formats.significant),
    ("left_out_share", "Candles left out", formats.fine_percent),
)


def quality_table(quality: pd.DataFrame) -> Table | None:
    """What there is to say of each series, one line each, with the columns that the frame has."""
    if quality.empty:
        return None
    odd = [name for name in _ANOMALIES if name in quality.columns]
    frame = quality.assign(odd=quality[odd].sum(axis=1)) if odd else quality
    columns = [column for column in _QUALITY_COLUMNS if _is_shown(column[0], frame)]
    rows = tuple(
        Row(str(record.get("symbol", "")), tuple(write(record[key]) for key, _, write in columns))
        for record in frame.to_dict(orient="records")
    )
    return Table(tuple(label for _, label, _ in columns), (("", rows),))


def gaps_table(gaps: pd.DataFrame, shown: int = _MOST_GAPS) -> Table | None:
    """The longest gaps, those of several symbols at once in one line, and the reason where it is known."""
    if gaps.empty:
        return None
    outages = gaps.groupby(["exchange", "start", "end", "candles", "reason"])["symbol"].agg(sorted).reset_index()
    longest = outages.sort_values(["candles", "start"], ascending=[False, True]).head(shown)
    rows = tuple(
        Row(
            formats.minute(gap["start"]),
            (
                formats.minute(gap["end"]),
                formats.count(gap["candles"]),
                short_exchange(gap["exchange"]),
                formats.shortened(gap["symbol"]),
                str(gap["reason"]) or "not known",
            ),
        )
        for gap in longest.to_dict(orient="records")
    )
    return Table(("Until", "Candles", "Exchange", "Symbols", "Reason"), (("", rows),))


def divergence_table(metrics: Mapping[str, Any]) -> Table | None:
    """How far each exchange was from the others; nothing where there was one."""
    compared = metrics.get("data", {}).get("divergence") or {}
    rows = tuple(
        Row(str(exchange), tuple(write(figures.get(key)) for key, _, write in _DIVERGENCE_COLUMNS))
        for exchange, figures in compared.items()
    )
    return Table(tuple(label for _, label, _ in _DIVERGENCE_COLUMNS), (("", rows),)) if rows else None


def quality_tiles(metrics: Mapping[str, Any]) -> list[Tile]:
    """The data of a run in a few numbers; those that the metrics do not have are left out."""
    data = metrics.get("data", {})
    makers: tuple[Callable[[Mapping[str, Any]], Tile | None], ...] = (
        _completeness, _gaps, _set_aside, _odd, _age, _divergence,
    )  # fmt: skip
    return [tile for make in makers if (tile := make(data)) is not None]


def _is_shown(key: str, quality: pd.DataFrame) -> bool:
    if key not in quality.columns:
        return False
    if key == _SHOWN_IF_SEVERAL:
        return len(set(quality[key])) > 1
    return key != _SHOWN_IF_KNOWN or bool(quality[key].notna().any())


def _completeness(data: Mapping[str, Any]) -> Tile | None:
    if data.get("rows") is None or data.get("missing_candles") is None:
        return None
    rows, missing = int(data["rows"]), int(data["missing_candles"])
    share = rows / (rows + missing) if rows + missing else None
    return Tile(
        "Complete", formats.fine_percent(share), f"{formats.count(rows)} candles, {formats.count(missing)} missing"
    )


def _gaps(data: Mapping[str, Any]) -> Tile | None:
    if data.get("gaps") is None or data.get("longest_gap_candles") is None:
        return None
    known = int(data.get("known_missing_candles") or 0)
    hint = f"longest {formats.count(data['longest_gap_candles'])} candles" if data["gaps"] else "no candle is missing"
    explained = f", {formats.count(known)} missing at the exchange" if known else ""
    return Tile("Gaps", formats.count(data["gaps"]), hint + explained)


def _set_aside(data: Mapping[str, Any]) -> Tile | None:
    if data.get("quarantined") is None or data.get("duplicates") is None:
        return None
    rows = formats.total(data["quarantined"])
    return Tile("Set aside", formats.count(rows), f"{formats.count(data['duplicates'])} duplicates merged", rows > 0)


def _odd(data: Mapping[str, Any]) -> Tile | None:
    odd = data.get("anomalies")
    if not odd:
        return None
    hint = f"{formats.count(odd['returns'])} returns, {formats.count(odd['volumes'])} volumes"
    stale = f", {formats.count(odd['stale_candles'])} stale" if odd["stale_candles"] else ""
    return Tile("Worth a look", formats.count(sum(odd.values()) - odd["divergent_candles"]), hint + stale)


def _age(data: Mapping[str, Any]) -> Tile | None:
    if data.get("last_candle_age_seconds") is None:
        return None
    return Tile("Last candle's age", formats.age(data["last_candle_age_seconds"]), "since it closed, oldest series")


def _divergence(data: Mapping[str, Any]) -> Tile | None:
    compared = data.get("divergence")
    if not compared:
        return None
    highest = max((formats.finite(of["max_deviation_bps"]) or 0.0 for of in compared.values()), default=0.0)
    left_out = int(data.get("anomalies", {}).get("divergent_candles", 0))
    hint = f"highest divergence; {formats.count(left_out)} candles left out"
    return Tile("Exchanges", f"{highest:,.0f} bps", hint, left_out > 0)
