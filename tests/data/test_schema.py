"""The schema accepts what the inspection passes and nothing that breaks the contract."""

import numpy as np
import pandas as pd
import pytest
from pandera.errors import SchemaError, SchemaErrors

from algotrade.data.schema import CandleSchema


def test_valid_candles_pass_and_come_back(make_candles):
    candles = pd.concat([make_candles("BTC/USDT"), make_candles("ETH/USDT", seed=2)], ignore_index=True)
    candles.loc[3, ["quote_volume", "trades", "taker_buy_volume"]] = np.nan

    pd.testing.assert_frame_equal(CandleSchema.validate(candles), candles)


def test_candles_read_back_from_parquet_pass(make_candles, tmp_path):
    make_candles().to_parquet(tmp_path / "candles.parquet")

    CandleSchema.validate(pd.read_parquet(tmp_path / "candles.parquet"))


BROKEN = {
    "negative price": lambda candles: candles.assign(low=-1.0),
    "infinite price": lambda candles: candles.assign(high=np.inf),
    "missing price": lambda candles: candles.assign(close=np.nan),
    "negative volume": lambda candles: candles.assign(volume=-1.0),
    "low above close": lambda candles: candles.assign(low=candles["high"] * 2, high=candles["high"] * 3),
    "off the grid": lambda candles: candles.assign(open_time=candles["open_time"] + pd.Timedelta(seconds=1)),
    "unsorted": lambda candles: candles.iloc[::-1],
    "twice": lambda candles: pd.concat([candles, candles.tail(1)]),
    "a series in two pieces": lambda candles: pd.concat(
        [candles.head(10), candles.assign(exchange="kraken"), candles.iloc[10:]]
    ),
    "symbols unsorted": lambda candles: pd.concat([candles.assign(symbol="ETH/USDT"), candles]),
    "another column": lambda candles: candles.assign(origin="file.csv"),
    "a missing column": lambda candles: candles.drop(columns="trades"),
    "naive times": lambda candles: candles.assign(open_time=candles["open_time"].dt.tz_localize(None)),
    "another unit": lambda candles: candles.assign(open_time=candles["open_time"].astype("datetime64[ns, UTC]")),
    "whole numbers": lambda candles: candles.assign(trades=1),
}


@pytest.mark.parametrize("breaking", BROKEN.values(), ids=BROKEN)
def test_broken_candles_are_refused(breaking, make_candles):
    with pytest.raises((SchemaError, SchemaErrors)):
        CandleSchema.validate(breaking(make_candles()))


def test_kedro_takes_it_as_a_validator(make_candles):
    from kedro.validation.pandera_validator import pandera_adapter

    assert pandera_adapter(CandleSchema, {}) is not None
