"""What was tried: the ledger of all trials, and the results of sweeps, each in one SQLite file that grows."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
from kedro.io import AbstractDataset

from algotrade.backtesting.trials import TRIAL_COLUMNS, TrialLedger
from algotrade.datasets.sqlite_file import add_rows, connected, read_rows

_TRIALS = (
    "CREATE TABLE IF NOT EXISTS trial (key TEXT PRIMARY KEY, strategy TEXT NOT NULL, variant TEXT NOT NULL, "
    "data TEXT NOT NULL, terms TEXT NOT NULL, origin TEXT NOT NULL, sharpe REAL, periods INTEGER NOT NULL, "
    "first_seen TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS block (data TEXT NOT NULL, block TEXT NOT NULL, PRIMARY KEY (data, block)) "
    "WITHOUT ROWID",
)
_LEDGER = "the ledger of trials"
_RESULTS = (
    "CREATE TABLE IF NOT EXISTS result (key TEXT PRIMARY KEY, strategy TEXT NOT NULL, variant TEXT NOT NULL, "
    "parameters TEXT NOT NULL, sharpe REAL, annual_return REAL, max_drawdown REAL, fills INTEGER, "
    "daily_sharpe REAL, days INTEGER, skewness REAL, kurtosis REAL)",
)
_SWEEPS = "the results of sweeps"
_NUMBERS = ("sharpe", "annual_return", "max_drawdown", "daily_sharpe", "skewness", "kurtosis")


class TrialFile:
    """The ledger of all trials on one data folder.

    Adding adds the trials whose key is new, in one transaction; nothing is ever changed or removed, and processes
    that add at once wait for each other.

    Parameters
    ----------
    path : Path

    Raises
    ------
    StoreError
        Where the file is not a ledger; StoreUnavailable where trying again may work.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> TrialLedger:
        """Every trial, the oldest first; an empty ledger where there is no file yet."""
        if not self.path.is_file():
            return TrialLedger.empty()
        with connected(self.path, _TRIALS, _LEDGER) as connection:
            trials, blocks = read_rows(connection, "trial"), read_rows(connection, "block")
        return TrialLedger(trials.astype({"sharpe": "float64", "periods": "int64"}), blocks)

    def add(self, ledger: TrialLedger) -> None:
        """Add what is not there yet."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        trials = ledger.trials[list(TRIAL_COLUMNS)].assign(first_seen=now)
        with connected(self.path, _TRIALS, _LEDGER) as connection:
            add_rows(connection, {"block": ledger.blocks, "trial": trials})


class TrialLedgerDataset(AbstractDataset[TrialLedger, TrialLedger]):
    """The ledger as a catalog entry: saving adds to it, loading gives all of it.

    Parameters
    ----------
    filepath : str
    metadata : mapping, optional
        For plug-ins such as kedro-viz.
    """

    def __init__(self, filepath: str, metadata: Mapping[str, Any] | None = None) -> None:
        self.file = TrialFile(Path(filepath))
        self.metadata = metadata

    def load(self) -> TrialLedger:
        """Read the whole ledger."""
        return self.file.load()

    def save(self, data: TrialLedger) -> None:
        """Add what is not there yet."""
        self.file.add(data)

    def _exists(self) -> bool:
        return self.file.path.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self.file.path)}


class SweepResults:
    """Figures of variants by the key of their trial: what a sweep need not run again.

    Parameters
    ----------
    path : Path
        Of the file; it is made when the first results are added.

    Raises
    ------
    StoreError
        As :class:`TrialFile` does.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def of(self, keys: Iterable[str]) -> pd.DataFrame:
        """Results of those of the keys that are finished, indexed by key: the figures of a sweep and of its returns."""
        with connected(self._path, _RESULTS, _SWEEPS) as connection:
            found = read_rows(connection, "result", list(keys)).set_index("key")
        return found.astype(dict.fromkeys(_NUMBERS, "float64"))

    def add(self, results: pd.DataFrame) -> None:
        """Keep results, indexed by key."""
        with connected(self._path, _RESULTS, _SWEEPS) as connection:
            add_rows(connection, {"result": results.reset_index()})
