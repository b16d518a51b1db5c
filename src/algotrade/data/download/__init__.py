"""Candles from exchanges into the store: only what is missing, at any interruption without loss."""

from algotrade.data.download.engine import download
from algotrade.data.download.orders import DownloadOrder, Mode
from algotrade.data.download.outcome import DownloadReport, SeriesOutcome
from algotrade.data.download.status import series_status

__all__ = ["DownloadOrder", "DownloadReport", "Mode", "SeriesOutcome", "download", "series_status"]
