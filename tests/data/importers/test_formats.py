"""One market, written in every format people have, is read as the same candles."""

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from algotrade.data.importers import IMPORTERS, read_folder
from algotrade.domain.candles import PRICE_COLUMNS, VALUE_COLUMNS, to_milliseconds
from algotrade.domain.timeframe import Timeframe

CORE = ["open_time", *PRICE_COLUMNS, "volume"]
FULL = ["open_time", *VALUE_COLUMNS]
PUBLIC_HEADER = (
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore"
)


def epoch(candles: pd.DataFrame) -> np.ndarray:
    return to_milliseconds(candles["open_time"])


def kline_lines(candles: pd.DataFrame, unit: int = 1) -> list[str]:
    """Binance's twelve fields; ``unit`` is how many of its ticks a millisecond has."""
    step = 3_600_000
    return [
        f"{time * unit},{row.open},{row.high},{row.low},{row.close},{row.volume},{(time + step) * unit - 1},"
        f"{row.quote_volume},{int(row.trades)},{row.taker_buy_volume},1.0,0"
        for time, row in zip(epoch(candles), candles.itertuples(), strict=True)
    ]


def tidy(candles: pd.DataFrame, folder: Path) -> None:
    candles[FULL].rename(columns={"open_time": "ts"}).to_parquet(folder / "BTCUSDT-1h.parquet", index=False)


def public_csv(candles: pd.DataFrame, folder: Path) -> None:
    (folder / "BTCUSDT-1h-2023-11.csv").write_text("\n".join([PUBLIC_HEADER, *kline_lines(candles)]))


def public_headerless_microseconds(candles: pd.DataFrame, folder: Path) -> None:
    (folder / "BTCUSDT-1h-2025-01.csv").write_text("\n".join(kline_lines(candles, unit=1_000)) + "\n")


def public_zip(candles: pd.DataFrame, folder: Path) -> None:
    with zipfile.ZipFile(folder / "BTCUSDT-1h-2023-11.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("BTCUSDT-1h-2023-11.csv", "\n".join([PUBLIC_HEADER, *kline_lines(candles)]))


def api_text_times(candles: pd.DataFrame, folder: Path) -> None:
    header = "timestamp,open,high,low,close,volume,close_time,quote_av,trades,tb_base_av,tb_quote_av,ignore"
    times = candles["open_time"].dt.strftime("%Y-%m-%d %H:%M:%S")
    lines = [f"{time},{line.split(',', 1)[1]}" for time, line in zip(times, kline_lines(candles), strict=True)]
    (folder / "BTCUSDT-1h.csv").write_text("\n".join([header, *lines]))


def api_epoch_times(candles: pd.DataFrame, folder: Path) -> None:
    frame = candles.assign(open_time=epoch(candles), twap=candles["close"])[[*CORE, "quote_volume", "twap"]]
    frame.columns = ["Open Time", "Open", "High", "Low", "Close", "Volume", "Quote Asset Volume", "TWAP_price"]
    frame.to_csv(folder / "BTCUSDT-1h-head48.csv", index=False)


def freqtrade_feather(candles: pd.DataFrame, folder: Path) -> None:
    candles[CORE].rename(columns={"open_time": "date"}).to_feather(folder / "BTC_USDT-1h.feather")


def freqtrade_rows(candles: pd.DataFrame) -> list[list[float]]:
    numbers = candles[CORE[1:]].to_numpy().tolist()
    return [[int(time), *row] for time, row in zip(epoch(candles), numbers, strict=True)]


def freqtrade_json(candles: pd.DataFrame, folder: Path) -> None:
    (folder / "BTC_USDT-1h.json").write_text(json.dumps(freqtrade_rows(candles)))


def freqtrade_json_gz(candles: pd.DataFrame, folder: Path) -> None:
    with gzip.open(folder / "BTC_USDT-1h.json.gz", "wt") as stream:
        json.dump(freqtrade_rows(candles), stream)


def cdd_mixed_units(candles: pd.DataFrame, folder: Path) -> None:
    newest_first = candles.iloc[::-1]
    lines = ["https://www.CryptoDataDownload.com", "unix,date,symbol,open,high,low,close,Volume BTC,Volume USDT"]
    for number, (time, row) in enumerate(zip(epoch(newest_first), newest_first.itertuples(), strict=True)):
        stamp = time if number % 3 == 0 else time // 1_000
        lines.append(
            f"{stamp},{row.open_time:%Y-%m-%d %H:%M:%S},BTC/USDT,{row.open},{row.high},{row.low},{row.close},"
            f"{row.volume},{row.quote_volume}"
        )
    (folder / "Binance_BTCUSDT_1h.csv").write_text("\n".join(lines))


def cdd_capital_header(candles: pd.DataFrame, folder: Path) -> None:
    frame = candles.iloc[::-1].assign(symbol="BTCUSDT")
    table = io.StringIO()
    frame.assign(unix=epoch(frame) // 1_000, date="x")[["unix", "date", "symbol", *CORE[1:]]].to_csv(
        table, index=False, header=["Unix Timestamp", "Date", "Symbol", "Open", "High", "Low", "Close", "Volume"]
    )
    text = "Created on 12-30-2020,https://www.CryptoDataDownload.com\n" + table.getvalue()
    (folder / "binance_BTCUSDT_1hr_tail.csv").write_text(text)


def plain_two_times(candles: pd.DataFrame, folder: Path) -> None:
    local = (candles["open_time"] + pd.Timedelta(hours=3)).dt.strftime("%Y-%m-%d %H:%M:%S")
    frame = candles.assign(time=local, timestamp=epoch(candles))[["time", *CORE[1:], "timestamp"]]
    frame.to_csv(folder / "BTCUSDT-1h-local.csv", index=False)


Writer = Callable[[pd.DataFrame, Path], None]
# writer, the importer that must claim the file, the columns that the format carries
FORMATS: dict[str, tuple[Writer, str, list[str]]] = {
    "tidy": (tidy, "tidy_parquet", FULL),
    "public": (public_csv, "binance_public", FULL),
    "public, headerless, microseconds": (public_headerless_microseconds, "binance_public", FULL),
    "public, zip": (public_zip, "binance_public", FULL),
    "api, text": (api_text_times, "binance_api", FULL),
    "api, epoch": (api_epoch_times, "binance_api", [*CORE, "quote_volume"]),
    "feather": (freqtrade_feather, "freqtrade_feather", CORE),
    "json": (freqtrade_json, "freqtrade_json", CORE),
    "json.gz": (freqtrade_json_gz, "freqtrade_json", CORE),
    "cryptodatadownload": (cdd_mixed_units, "cryptodatadownload", [*CORE, "quote_volume"]),
    "cryptodatadownload, capitals": (cdd_capital_header, "cryptodatadownload", CORE),
    "plain": (plain_two_times, "plain_csv", CORE),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that says the exchange, as freqtrade and this project keep them."""
    named = tmp_path / "binance"
    named.mkdir()
    return named


@pytest.mark.parametrize(("write", "_", "columns"), FORMATS.values(), ids=FORMATS)
def test_reads_back_what_was_written(write, _, columns, make_candles, folder):
    candles = make_candles()
    write(candles, folder)

    imported = read_folder(folder, Timeframe("1h"))

    frame = imported.frame.sort_values("open_time", ignore_index=True)
    pd.testing.assert_frame_equal(frame[columns], candles[columns])
    assert frame[list({*VALUE_COLUMNS} - {*columns})].isna().all(axis=None)
    assert set(zip(frame["exchange"], frame["symbol"], frame["timeframe"], strict=True)) == {
        ("binance", "BTC/USDT", "1h")
    }
    assert frame["origin"].unique().tolist() == [next(folder.iterdir()).name]
    assert list(frame) == ["exchange", "symbol", "timeframe", "open_time", *VALUE_COLUMNS, "origin"]
    assert imported.files == 1


@pytest.mark.parametrize(("write", "importer", "_"), FORMATS.values(), ids=FORMATS)
def test_exactly_one_importer_claims_a_file(write, importer, _, make_candles, folder):
    write(make_candles(), folder)
    (path,) = folder.iterdir()

    assert [name for name in IMPORTERS if IMPORTERS[name].recognise(path)] == [importer]


def test_every_importer_is_exercised_here():
    assert {importer for _, importer, _ in FORMATS.values()} == set(IMPORTERS)


def test_all_formats_of_one_market_in_one_folder_are_read_together(make_candles, folder):
    candles = make_candles()
    for write, _, _ in FORMATS.values():
        write(candles, folder)

    imported = read_folder(folder, Timeframe("1h"), exchange="binance")

    # Two pairs of formats share a file's name, so their later file replaced the earlier one.
    assert imported.files == len(list(folder.iterdir()))
    assert len(imported.frame) == imported.files * len(candles)


def test_a_local_text_stamp_is_ignored_and_the_user_is_told(make_candles, folder):
    plain_two_times(make_candles(), folder)

    (note,) = read_folder(folder, Timeframe("1h")).notes

    assert "'timestamp' was used" in note
    assert "+3 h off" in note


def test_plain_text_stamps_with_a_zone_are_converted_to_utc(make_candles, folder):
    candles = make_candles()
    local = candles["open_time"].dt.tz_convert("Asia/Tokyo").astype("str")
    candles.assign(date=local)[["date", *CORE[1:]]].to_csv(folder / "BTCUSDT-1h.csv", index=False)

    imported = read_folder(folder, Timeframe("1h"))

    assert imported.frame["open_time"].tolist() == candles["open_time"].tolist()


def test_cryptodatadownload_names_its_exchange_in_the_file_name(make_candles, tmp_path):
    cdd_mixed_units(make_candles(), tmp_path)
    (tmp_path / "Binance_BTCUSDT_1h.csv").rename(tmp_path / "Bitstamp_BTCUSDT_1h.csv")

    assert read_folder(tmp_path, None).frame["exchange"].unique().tolist() == ["bitstamp"]
