"""A folder is read as a whole, or refused with what was found, what is accepted and what to do."""

import gzip
import json
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from algotrade.data.importers import read_folder
from algotrade.domain.candles import to_milliseconds
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import BadCandles, ConfigurationError, NoCandles, UnknownFormat

HOUR = Timeframe("1h")


def write(candles: pd.DataFrame, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    candles.drop(columns=["exchange", "symbol", "timeframe"]).to_parquet(path, index=False)
    return path


@pytest.fixture
def folder(tmp_path: Path, make_candles) -> Path:
    """Two exchanges; three symbols and two timeframes on one of them."""
    for symbol in ("BTCUSDT", "ETHUSDT"):
        write(make_candles(), tmp_path / "binance" / f"{symbol}-1h.parquet")
    write(make_candles(timeframe="4h"), tmp_path / "binance" / "SOLUSDT-4h.parquet")
    write(make_candles(), tmp_path / "kraken" / "BTCUSDT-1h.parquet")
    return tmp_path


class TestWhatIsChosen:
    def test_sub_folders_name_the_exchange(self, folder):
        imported = read_folder(folder, HOUR, ["ETHUSDT"])

        assert imported.frame["exchange"].unique().tolist() == ["binance"]
        assert imported.frame["symbol"].unique().tolist() == ["ETH/USDT"]

    def test_a_level_that_is_no_exchange_is_passed_over(self, make_candles, tmp_path):
        write(make_candles(), tmp_path / "okx" / "futures" / "BTC_USDT-1h.parquet")

        assert read_folder(tmp_path, HOUR).frame["exchange"].unique().tolist() == ["okx"]

    def test_an_exchange_that_is_there_is_picked(self, folder):
        imported = read_folder(folder, HOUR, exchange="kraken")

        assert imported.files == 1
        assert imported.frame["exchange"].unique().tolist() == ["kraken"]

    @pytest.mark.parametrize("named", ["binance+kraken", "Kraken, binance"])
    def test_several_exchanges_that_are_there_are_picked(self, folder, named):
        imported = read_folder(folder, HOUR, exchange=named)

        series = set(zip(imported.frame["exchange"], imported.frame["symbol"], strict=True))
        assert series == {("binance", "BTC/USDT"), ("binance", "ETH/USDT"), ("kraken", "BTC/USDT")}

    def test_an_exchange_that_is_not_there_is_the_name_to_file_under(self, folder):
        imported = read_folder(folder / "binance", HOUR, exchange="MyBroker")

        assert imported.frame["exchange"].unique().tolist() == ["mybroker"]

    def test_the_only_timeframe_need_not_be_named(self, folder):
        assert read_folder(folder / "kraken").frame["timeframe"].unique().tolist() == ["1h"]

    def test_files_of_other_timeframes_are_left_out_with_a_note(self, folder):
        imported = read_folder(folder / "binance", HOUR)

        assert imported.files == 2
        assert imported.notes == ("Files of other timeframes were left out (1): 4h (SOL/USDT).",)

    def test_the_spacing_tells_the_timeframe_where_the_name_does_not(self, make_candles, tmp_path):
        write(make_candles(timeframe="15m"), tmp_path / "BTCUSDT.parquet")

        assert read_folder(tmp_path).frame["timeframe"].unique().tolist() == ["15m"]

    def test_an_unsorted_file_is_judged_by_all_of_it(self, make_candles, tmp_path):
        # More rows than the stretch that is looked at first, in an order in which hardly two neighbours meet.
        candles = make_candles(rows=40_000).sample(frac=1, random_state=3)
        write(candles, tmp_path / "BTCUSDT-1h.parquet")

        assert len(read_folder(tmp_path, HOUR).frame) == 40_000

    def test_one_name_in_two_sub_folders_keeps_its_folder_as_origin(self, make_candles, tmp_path):
        for part in ("spot", "futures"):
            write(make_candles(), tmp_path / part / "BTCUSDT-1h.parquet")

        origins = read_folder(tmp_path, HOUR).frame["origin"].unique().tolist()

        assert origins == ["futures/BTCUSDT-1h.parquet", "spot/BTCUSDT-1h.parquet"]

    def test_readmes_checksums_and_hidden_files_are_ignored(self, folder):
        for name in ("README.md", ".DS_Store", "BTCUSDT-1h.zip.CHECKSUM", ".cache/x.xlsx"):
            path = folder / "kraken" / name
            path.parent.mkdir(exist_ok=True)
            path.write_text("not candles")

        assert read_folder(folder / "kraken").files == 1


class TestWhatIsLeftOpen:
    def test_several_timeframes(self, folder):
        with pytest.raises(ConfigurationError, match=r"1h \(BTC/USDT, ETH/USDT\), 4h \(SOL/USDT\).*timeframe=1h"):
            read_folder(folder / "binance")

    def test_several_exchanges_of_one_symbol(self, folder):
        with pytest.raises(
            ConfigurationError, match=r"BTC/USDT .* binance, kraken\. .*exchange=binance, .*exchange=binance\+kraken"
        ):
            read_folder(folder, HOUR)

    def test_a_foreign_exchange_name_does_not_settle_it(self, folder):
        with pytest.raises(ConfigurationError, match="binance, kraken"):
            read_folder(folder, HOUR, exchange="okx")


class TestWhatIsNotThere:
    def test_one_of_several_exchanges(self, folder):
        with pytest.raises(NoCandles, match=r"no candles of okx\. Found are those of binance, kraken"):
            read_folder(folder, HOUR, exchange="binance+okx")

    def test_one_of_several_exchanges_in_that_timeframe(self, folder):
        with pytest.raises(NoCandles, match=r"no 4h candles of kraken\. Found are those of binance"):
            read_folder(folder, Timeframe("4h"), exchange="binance+kraken")

    def test_no_folder(self, tmp_path):
        with pytest.raises(ConfigurationError, match="does not exist"):
            read_folder(tmp_path / "nowhere", HOUR)

    def test_a_file(self, folder):
        with pytest.raises(ConfigurationError, match="is a file"):
            read_folder(folder / "kraken" / "BTCUSDT-1h.parquet", HOUR)

    def test_an_empty_folder(self, tmp_path):
        with pytest.raises(NoCandles, match=r"It is empty\. Known formats are: .*tidy Parquet"):
            read_folder(tmp_path, HOUR)

    def test_a_symbol(self, folder):
        with pytest.raises(NoCandles, match=r"no candles of DOGE/USDT\. Found are BTC/USDT, ETH/USDT, SOL/USDT"):
            read_folder(folder / "binance", HOUR, ["BTC/USDT", "DOGEUSDT"])

    def test_a_symbol_in_that_timeframe(self, folder):
        with pytest.raises(NoCandles, match=r"no 1h candles of SOL/USDT\. Found are 1h \(BTC/USDT\), 4h \(SOL/USDT\)"):
            read_folder(folder / "binance", HOUR, ["SOL/USDT", "BTC/USDT"])

    def test_a_timeframe(self, folder):
        with pytest.raises(NoCandles, match=r"no 5m candles\. Found are 1h"):
            read_folder(folder / "kraken", Timeframe("5m"))


class TestFilesThatCannotBeUsed:
    def test_an_unknown_format_is_named_beside_the_known_ones(self, folder):
        (folder / "kraken" / "prices.xlsx").write_bytes(b"PK")

        with pytest.raises(UnknownFormat, match=r"prices\.xlsx is in no known format\. Known formats are: .*freqtrade"):
            read_folder(folder / "kraken", HOUR)

    @pytest.mark.parametrize(
        "name",
        ["BTCUSDT-1h.parquet", "BTC_USDT-1h.feather", "BTCUSDT-1h.zip", "BTC_USDT-1h.json.gz", "BTCUSDT-1h.csv.gz"],
    )
    def test_a_damaged_file_is_named(self, name, tmp_path):
        (tmp_path / name).write_bytes(b"\x00garbage" * 100)

        with pytest.raises(UnknownFormat, match=name):
            read_folder(tmp_path, HOUR)

    def test_a_zip_with_two_files(self, tmp_path):
        with zipfile.ZipFile(tmp_path / "BTCUSDT-1h.zip", "w") as archive:
            archive.writestr("a.csv", "1")
            archive.writestr("b.csv", "1")

        with pytest.raises(UnknownFormat, match="holds 2 CSV files"):
            read_folder(tmp_path, HOUR)

    def test_a_line_that_breaks_off(self, make_candles, tmp_path):
        path = tmp_path / "BTCUSDT-1h.csv"
        candles = make_candles()
        candles.assign(time=to_milliseconds(candles["open_time"])).iloc[:, 4:].to_csv(path, index=False)
        text = path.read_text()
        path.write_text(text[: text.rindex(",") - 20])

        with pytest.raises(BadCandles, match=r"BTCUSDT-1h\.csv breaks off or is damaged"):
            read_folder(tmp_path, HOUR)

    def test_an_entry_that_is_no_candle(self, tmp_path):
        rows = [[1_700_000_000_000 + 3_600_000 * i, 1.0, 1.0, 1.0, 1.0, 1.0] for i in range(2_000)]
        rows[1_999] = [0, "spam"]
        (tmp_path / "BTC_USDT-1h.json").write_text(json.dumps(rows))

        with pytest.raises(BadCandles, match=r"entry 2000 is \[0, 'spam'\]"):
            read_folder(tmp_path, HOUR)

    def test_a_candle_file_without_volume(self, make_candles, tmp_path):
        make_candles().iloc[:, 3:8].to_parquet(tmp_path / "BTCUSDT-1h.parquet")

        with pytest.raises(BadCandles, match="no column for volume"):
            read_folder(tmp_path, HOUR)

    def test_a_file_that_nothing_dates(self, make_candles, tmp_path):
        write(make_candles(rows=1), tmp_path / "BTCUSDT.parquet")

        with pytest.raises(BadCandles, match="neither its name nor the spacing"):
            read_folder(tmp_path, HOUR)

    def test_a_file_without_rows_is_left_out(self, make_candles, tmp_path):
        write(make_candles(rows=0), tmp_path / "ETHUSDT-1h.parquet")
        (tmp_path / "XRPUSDT-1h.csv").write_text("time,open,high,low,close,volume\n")
        write(make_candles(), tmp_path / "BTCUSDT-1h.parquet")

        imported = read_folder(tmp_path, HOUR)

        assert imported.files == 1
        assert len(imported.notes) == 2


class TestNamesThatContradictTheCandles:
    @pytest.fixture
    def misnamed(self, make_candles, tmp_path) -> Path:
        write(make_candles(timeframe="1m"), tmp_path / "BTC_USDT-8m.parquet")
        write(make_candles(), tmp_path / "ETH_USDT-1h.parquet")
        return tmp_path

    @pytest.mark.parametrize("asked", ["1m", "8m"])
    def test_it_is_an_error_where_it_matters(self, asked, misnamed):
        with pytest.raises(BadCandles, match=r"BTC_USDT-8m\.parquet is named 8m, but its candles are 1m apart"):
            read_folder(misnamed, Timeframe(asked))

    def test_the_file_is_left_out_where_it_does_not(self, misnamed):
        imported = read_folder(misnamed, HOUR)

        assert imported.frame["symbol"].unique().tolist() == ["ETH/USDT"]
        assert any("named 8m" in note for note in imported.notes)

    def test_coarser_candles_are_found_out(self, make_candles, tmp_path):
        write(make_candles(timeframe="4h"), tmp_path / "BTC_USDT-1h.parquet")

        with pytest.raises(BadCandles, match="named 1h, but its candles are 4h apart"):
            read_folder(tmp_path, HOUR)

    def test_quiet_minutes_are_no_contradiction(self, make_candles, tmp_path):
        candles = make_candles(timeframe="1m", rows=300)
        write(candles[(candles.index % 3 == 0) | (candles.index < 5)], tmp_path / "BTC_USDC-1m.parquet")

        assert len(read_folder(tmp_path, Timeframe("1m")).frame) == 103


class TestRecordsThatAreNoCandles:
    def test_they_are_left_out_with_a_note(self, make_candles, tmp_path):
        write(make_candles(), tmp_path / "BTCUSDT-1h.parquet")
        trades = pd.DataFrame({"timestamp": [1], "id": ["1"], "price": [1.0], "amount": [1.0]})
        trades.to_feather(tmp_path / "XRP_ETH-trades.feather")
        trades.to_parquet(tmp_path / "XRPETH.parquet")
        with gzip.open(tmp_path / "XRP_ETH-trades.json.gz", "wt") as stream:
            json.dump([[1, "2", None, "sell", 1.0, 2.0, 3.0]], stream)
        with zipfile.ZipFile(tmp_path / "APEUSDT-aggTrades-2024-10-18.zip", "w") as archive:
            archive.writestr("APEUSDT-aggTrades-2024-10-18.csv", "agg_trade_id,price,quantity\n1,1,1\n")
        pd.DataFrame({"ts": [1], "funding_rate": [0.1]}).to_parquet(tmp_path / "BTCUSDT.parquet")
        make_candles().to_feather(tmp_path / "BTC_USDT_USDT-1h-mark.feather")

        imported = read_folder(tmp_path, HOUR)

        assert imported.files == 1
        kinds = sorted(note.partition(" holds ")[2].partition(",")[0] for note in imported.notes)
        assert kinds == ["funding rates", "mark prices", "trades", "trades", "trades", "trades"]

    def test_a_folder_of_nothing_else_says_so(self, tmp_path):
        pd.DataFrame({"price": [1.0], "qty": [1.0]}).to_csv(tmp_path / "BTCUSDT-trades-2024.csv", index=False)

        with pytest.raises(NoCandles, match=r"BTCUSDT-trades-2024\.csv holds trades"):
            read_folder(tmp_path)
