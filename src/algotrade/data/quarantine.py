"""The quarantine as a person works with it: rows found by what is known of them, explained, released."""

from collections.abc import Sequence
from typing import Self

import pandas as pd

from algotrade.data.store import CandleStore, UpsertCount
from algotrade.domain.symbol import unified_symbol
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import BadCandles, ConfigurationError

SHORT_ID = 12
"""Characters of a row's id that a list shows; they tell billions of rows apart."""


class Quarantine:
    """The rows of a candle store that are no candles.

    Parameters
    ----------
    store : CandleStore
    """

    def __init__(self, store: CandleStore) -> None:
        self._store = store

    @classmethod
    def at(cls, url: str) -> Self:
        """Quarantine of the store at a database URL."""
        return cls(CandleStore(url))

    def rows(
        self,
        exchange: str | None = None,
        symbol: str | None = None,
        timeframe: str | None = None,
        reason: str | None = None,
        *,
        released: bool = False,
    ) -> pd.DataFrame:
        """Rows that meet every condition, sorted by series and open time; ``reason`` may be a part of one.

        Rows that were released are left out unless ``released``.
        """
        rows = self._store.quarantine(
            exchange=exchange,
            timeframe=None if timeframe is None else Timeframe(timeframe),
            symbols=None if symbol is None else [unified_symbol(symbol)],
        )
        if reason is not None:
            rows = rows[rows["reason"].str.contains(reason, case=False, regex=False)]
        return rows.reset_index(drop=True) if released else rows[rows["released_at"].isna()].reset_index(drop=True)

    def explained(self, ids: Sequence[str]) -> pd.DataFrame:
        """Rows as `CandleStore.explain_quarantined` gives them, by their ids or the first characters of these."""
        return self._store.explain_quarantined(self._full_ids(ids))

    def chosen(
        self,
        ids: Sequence[str] = (),
        exchange: str | None = None,
        symbol: str | None = None,
        timeframe: str | None = None,
        reason: str | None = None,
    ) -> list[str]:
        """Ids of the rows to release: those named, or all that meet the conditions.

        Raises
        ------
        ConfigurationError
            If nothing is named, an id is unknown or ambiguous, or no row is waiting for a release.
        """
        if not ids and not any((exchange, symbol, timeframe, reason)):
            raise ConfigurationError(
                "Say which rows to release: by their ids, or by --reason, --exchange, --symbol, --timeframe. "
                "`algotrade quarantine list` shows them."
            )
        waiting = self.rows(exchange, symbol, timeframe, reason)["row_id"]
        found = waiting[waiting.isin(self._full_ids(ids))] if ids else waiting
        if found.empty:
            raise ConfigurationError(
                "None of these rows is waiting for a release. `algotrade quarantine list --released` shows all rows "
                "and which of them were released."
            )
        return [str(row_id) for row_id in found]

    def releasable(self, ids: Sequence[str], *, replace: bool = False) -> list[str]:
        """The same ids, if each row can be a candle and, unless ``replace``, takes no stored candle's place.

        Raises
        ------
        BadCandles
            If one cannot, or does.
        """
        rows = self._store.explain_quarantined(ids)
        broken = rows[rows["obstacle"] != ""]
        if len(broken):
            first = broken.iloc[0]
            raise BadCandles(
                f"{len(broken)} of {len(rows)} rows cannot be candles, first {first['row_id'][:SHORT_ID]}: "
                f"{first['obstacle']}. Nothing was released. Correct the source and run the ingestion pipeline again, "
                "or name rows without an obstacle (`algotrade quarantine explain`)."
            )
        taken = rows[rows["stored_close"].notna()]
        if len(taken) and not replace:
            first = taken.iloc[0]
            raise BadCandles(
                f"{len(taken)} of {len(rows)} rows would replace stored candles, first {first['row_id'][:SHORT_ID]}: "
                f"{first['exchange']} {first['symbol']} {first['timeframe']} {first['open_time']:%Y-%m-%d %H:%M} has "
                f"close {first['stored_close']:g}, the row {first['close']:g}. Nothing was released. Add --replace if "
                "that is what you want."
            )
        return list(ids)

    def release(self, ids: Sequence[str]) -> UpsertCount:
        """Make candles of the rows and mark them as released; all of them or none."""
        return self._store.release_quarantined(ids)

    def _full_ids(self, ids: Sequence[str]) -> list[str]:
        known = self._store.quarantine()["row_id"]
        full = []
        for beginning in ids:
            matches = known[known.str.startswith(beginning)]
            if len(matches) != 1:
                what = f"fits {len(matches)} rows; give more characters" if len(matches) else "is no row's id"
                raise ConfigurationError(f"{beginning} {what}. `algotrade quarantine list` shows the ids.")
            full.append(str(matches.iloc[0]))
        return list(dict.fromkeys(full))
