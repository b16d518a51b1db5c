"""Every file in ``../shared/market-data/raw``: read by the importer it is for, or refused with what is wrong."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from algotrade.data.importers import read_folder
from algotrade.data.importers.base import IMPORTERS
from algotrade.data.importers.folder import ImportedCandles
from algotrade.data.importers.not_candles import kind_of_other_record
from algotrade.data.quality import InspectedCandles, inspect_candles
from algotrade.data.schema import CandleSchema
from algotrade.domain.candles import REQUIRED_COLUMNS
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import BadCandles, DataError, NoCandles


@dataclass(frozen=True)
class Candles:
    """What a file of candles is read as."""

    importer: str
    series: tuple[str, str, str]
    rows: int
    gaps: int = 0
    quarantined: int = 0


@dataclass(frozen=True)
class Refused:
    """The error of a file that must not get into the store, and what it says."""

    kind: type[DataError]
    says: str


def vision(rows: int, gaps: int = 0) -> Candles:
    return Candles("binance_public", ("binance", "BTC/USDT", "1h"), rows, gaps)


TRADES = Refused(NoCandles, "holds trades, not candles; it was left out")
FILES = {
    "binance-api-csv/BTCUSDT-4h.csv": Candles("binance_api", ("binance", "BTC/USDT", "4h"), 7_179, gaps=9),
    "binance-api-csv/ETHUSDT-1h-head5000.csv": Candles("binance_api", ("binance", "ETH/USDT", "1h"), 4_999, gaps=3),
    "binance-vision/BTCUSDT-1h-2023-01.csv": vision(744),
    "binance-vision/BTCUSDT-1h-2023-02.csv": vision(672),
    "binance-vision/BTCUSDT-1h-2023-03.csv": vision(743, gaps=1),
    "binance-vision/BTCUSDT-1h-2023-04.csv": vision(720),
    "binance-vision/BTCUSDT-1h-2023-05.csv": vision(744),
    "cryptodatadownload/Bitstamp_BTCUSD_1h_head6000.csv": Candles(
        "cryptodatadownload", ("bitstamp", "BTC/USD", "1h"), 5_998
    ),
    "cryptodatadownload/gemini_BTCUSD_1hr_tail4000.csv": Candles(
        "cryptodatadownload", ("gemini", "BTC/USD", "1h"), 4_000, quarantined=1
    ),
    "dirty/BNBUSDT-1h-local-time-vs-epoch.csv": Candles(
        "plain_csv", ("dirty", "BNB/USDT", "1h"), 5_999, gaps=5, quarantined=43
    ),
    "dirty/BTCUSDT-15m-fabricated-random-walk.csv": Refused(BadCandles, "cannot be a market"),
    "freqtrade/NFI_BTC_USDT-1h.json": Candles("freqtrade_json", ("freqtrade", "BTC/USDT", "1h"), 5_482, gaps=6),
    "freqtrade/UNITTEST_BTC-1m.json": Candles("freqtrade_json", ("freqtrade", "UNITTEST/BTC", "1m"), 13_681, gaps=538),
    "freqtrade/UNITTEST_BTC-30m.feather": Candles("freqtrade_feather", ("freqtrade", "UNITTEST/BTC", "30m"), 1_920),
    "freqtrade/UNITTEST_BTC-8m.json.gz": Refused(BadCandles, "is named 8m, but its candles are 1m apart. Rename it"),
    "freqtrade/XRP_ETH-trades.feather": TRADES,
    "freqtrade/XRP_ETH-trades.json.gz": TRADES,
    "freqtrade/XRP_ETH-trades.parquet": TRADES,
    "trades/futures-APEUSDT-aggTrades-2024-10-18.zip": TRADES,
}
"""All of them: a file that is added without an entry here fails the inventory."""


def of_kind(kind: type) -> list:
    return [pytest.param(name, entry, id=name) for name, entry in FILES.items() if isinstance(entry, kind)]


@pytest.fixture
def alone(market_data: Path, tmp_path: Path):
    """A folder, named as the file's own, with one raw file in it."""

    def linked(name: str) -> Path:
        source = market_data / "raw" / name
        folder = tmp_path / source.parent.name
        folder.mkdir()
        (folder / source.name).symlink_to(source)
        return folder

    return linked


def read_and_inspect(folder: Path) -> tuple[ImportedCandles, InspectedCandles]:
    imported = read_folder(folder)
    return imported, inspect_candles(imported.frame, Timeframe(str(imported.frame["timeframe"].iloc[0])))


def test_the_inventory_is_complete(market_data):
    there = {
        path.relative_to(market_data / "raw").as_posix() for path in (market_data / "raw").rglob("*") if path.is_file()
    }

    assert there == set(FILES)


@pytest.mark.parametrize(("name", "expected"), of_kind(Candles))
def test_candles_are_read_as_what_they_are(alone, market_data, name, expected):
    imported, inspected = read_and_inspect(alone(name))

    assert IMPORTERS[expected.importer].recognise(market_data / "raw" / name) is not None
    series = imported.frame[["exchange", "symbol", "timeframe"]].drop_duplicates()
    assert list(series.itertuples(index=False, name=None)) == [expected.series]
    assert len(imported.frame) == expected.rows
    assert inspected.totals["gaps"] == expected.gaps
    assert len(inspected.quarantine) == expected.quarantined
    assert len(inspected.candles) == expected.rows - expected.quarantined
    CandleSchema.validate(inspected.candles)


@pytest.mark.parametrize(("name", "expected"), of_kind(Candles))
def test_no_two_importers_claim_a_file(market_data, name, expected):
    path = market_data / "raw" / name

    claims = [importer for importer, reader in IMPORTERS.items() if reader.recognise(path) is not None]

    assert claims == [expected.importer]
    assert kind_of_other_record(path) is None


@pytest.mark.parametrize(("name", "expected"), of_kind(Refused))
def test_what_must_be_refused_is_and_says_why(alone, name, expected):
    folder = alone(name)

    with pytest.raises(expected.kind, match=expected.says) as caught:
        read_and_inspect(folder)

    assert Path(name).name in str(caught.value)


@pytest.mark.parametrize(
    ("raw", "timeframe", "exchange", "symbol"),
    [
        ("cryptodatadownload", "1h", "bitstamp", "BTC/USD"),
        ("cryptodatadownload", "1h", "gemini", "BTC/USD"),
        ("binance-vision", "1h", "binance", "BTC/USDT"),
    ],
)
def test_every_candle_is_that_of_the_tidy_file(market_data, raw, timeframe, exchange, symbol):
    length = Timeframe(timeframe)
    ours = read_folder(market_data / "raw" / raw, length, [symbol], exchange).frame.set_index("open_time")
    tidy = read_folder(market_data / "candles" / exchange, length, [symbol]).frame.set_index("open_time")

    columns = list(REQUIRED_COLUMNS[1:])
    np.testing.assert_allclose(ours[columns], tidy[columns].reindex(ours.index), rtol=1e-9)


def test_a_folder_of_everything_leaves_out_with_notes_what_is_no_candle(market_data):
    imported = read_folder(market_data / "raw", Timeframe("4h"))

    assert imported.files == 1
    notes = " ".join(imported.notes)
    for name, entry in FILES.items():
        if entry is TRADES:
            assert f"{Path(name).name} holds trades" in notes
    assert "UNITTEST_BTC-8m.json.gz is named 8m" in notes
    assert "Files of other timeframes were left out" in notes
