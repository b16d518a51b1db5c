"""Made-up findings about strategies, in the shapes in which the backtesting pipeline leaves them."""

import json
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from algotrade.reporting import Findings

HEADLINE = ("annual_return", "sharpe", "sortino", "calmar", "max_drawdown", "win_rate", "volatility", "alpha", "beta")


def findings(strategies: tuple[str, ...], symbols: tuple[str, ...]) -> Findings:
    return Findings(
        intervals={name: {key: {"low": -0.4, "high": 2.6} for key in HEADLINE} for name in strategies},
        robustness={name: robustness(place) for place, name in enumerate(strategies)},
        drawdowns=pd.concat([drawdowns().assign(strategy=name) for name in strategies], ignore_index=True),
        attribution=pd.concat([attribution(symbols).assign(strategy=name) for name in strategies], ignore_index=True),
        stress=pd.concat([stress().assign(strategy=name) for name in strategies], ignore_index=True),
        choices=choices(strategies[:3]),
        chosen_equity=chosen_equity(strategies[:3]),
        grid=grid(strategies[:3]),
        candles=candles(symbols),
        trades=pd.concat([trades(symbols).assign(strategy=name) for name in strategies], ignore_index=True),
        fills=pd.concat([fills(symbols).assign(strategy=name) for name in strategies], ignore_index=True),
    )


def robustness(place: int = 0) -> dict[str, Any]:
    deep = 0.12 + 0.03 * place
    return {
        "minimum_track_record": {
            "days": 913.4, "years": 2.5, "observed_days": 500, "confidence": 0.95, "enough": False
        },
        "lo": {"sharpe": 0.94, "factor": 0.85, "standard_error": 0.81, "lags": 5},
        "monte_carlo": {
            "trades": 812, "orders": 500, "max_drawdown": deep, "median": 1.2 * deep, "worst_5_percent": 1.7 * deep,
            "worst_1_percent": 2.1 * deep, "as_deep": 0.71, "ruined": 0.0,
        },
        "cost_sensitivity": {
            "paid_bps": 15.0,
            "multiples": [
                {"multiple": of, "total_return": 0.5 - 0.3 * of, "sharpe": 1.5 - of, "max_drawdown": 0.1}
                for of in (0.0, 1.0, 2.0, 4.0)
            ],
            "break_even_bps": 25.0,
            "break_even_multiple": 1.67,
            "note": "",
        },
        "capacity": {
            "equity": 2_340_000.0, "participation": 0.01, "typical_participation": 0.0004, "fills": 1600,
            "fills_without_volume": 0,
        },
        "reality_check": {
            "p_value": 0.21, "spa": {"lower": 0.11, "consistent": 0.14, "upper": 0.2}, "best": "ml_signal()",
            "excess_annual": 0.11, "variants": 36, "days": 500, "block_length": 3.2, "note": "",
        },
        "plateau": {
            "parameters": {"entry_probability": 0.55}, "sharpe": 1.1, "variants": 36, "neighbours": 6, "mean": 0.95,
            "worst": 0.4, "best": 1.3, "kept": 0.86, "rank": 0.8,
        },
        "market_model": {"alpha": 0.21, "beta": 0.13},
        "shortfall": {
            "delay": -210.5, "spread": 830.0, "impact": 120.0, "fees": 2_410.0, "total": 3_149.5, "delay_bps": -0.9,
            "spread_bps": 3.4, "impact_bps": 0.5, "fees_bps": 10.0, "total_bps": 13.0, "notional": 2.4e6, "fills": 1600,
        },
    }  # fmt: skip


def drawdowns() -> pd.DataFrame:
    times = pd.date_range("2023-09-01", periods=4, freq="60D", tz="UTC")
    return pd.DataFrame(
        {
            "peak_time": times,
            "valley_time": times + pd.Timedelta(days=9),
            "end_time": times + pd.Timedelta(days=31),
            "depth": [0.21, 0.14, 0.08, 0.03],
            "days": [31.0, 31.0, 31.0, 31.0],
            "status": ["recovered", "recovered", "active", "recovered"],
        }
    )


def attribution(symbols: tuple[str, ...]) -> pd.DataFrame:
    random = np.random.default_rng(41)
    months = tuple(f"2024-{month:02d}" for month in range(1, 13))
    groups = {
        "symbol": symbols, "side": ("short", "long"), "month": months, "regime": ("calm", "medium", "wild"),
        "signal": ("against", "weak", "medium", "strong"),
    }  # fmt: skip
    return pd.DataFrame(
        [
            {
                "by": by, "group": group, "pnl": float(random.normal(600, 2000)), "fees": 120.0, "slippage": 60.0,
                "funding": 0.0, "trades": int(random.integers(0, 90)), "hit_rate": float(random.uniform(0.3, 0.7)),
            }
            for by, names in groups.items()
            for group in names
        ]
    )  # fmt: skip


def stress() -> pd.DataFrame:
    rows = [
        ("2018 winter", "history", "2018-01-01", "2018-12-31", np.nan, np.nan, np.nan, "not in this history"),
        ("FTX", "history", "2022-11-06", "2022-11-21", -0.06, 0.11, -2.4, ""),
        ("costs times 2", "costs", "2023-08-17", "2024-12-29", 0.12, 0.24, 0.5, ""),
        ("fills 1 candle later", "delay", "2023-08-17", "2024-12-29", 0.29, 0.2, 0.9, ""),
        ("5% of the candles missing", "missing", "2023-08-17", "2024-12-29", 0.31, 0.19, 1.0, ""),
        ("flash crash of 30%", "crash", "2023-08-17", "2024-12-29", 0.04, 0.34, 0.3, "at 2024-03-02 05:00"),
    ]
    columns = ["scenario", "kind", "start", "end", "total_return", "max_drawdown", "sharpe", "note"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.assign(**{end: pd.to_datetime(frame[end], utc=True) for end in ("start", "end")})


def choices(strategies: tuple[str, ...], windows: int = 4) -> pd.DataFrame:
    random = np.random.default_rng(43)
    begin, days = pd.Timestamp("2024-01-01", tz="UTC"), pd.Timedelta(days=1)
    return pd.DataFrame(
        [
            {
                "strategy": name, "window": window, "train_start": begin - 120 * days,
                "train_end": begin + 60 * window * days, "test_start": begin + 60 * window * days,
                "test_end": begin + 60 * (window + 1) * days, "variant": f"{name}(window={24 * window})",
                "parameters": json.dumps({"window": 24 * window}), "train_sharpe": float(random.normal(2, 0.5)),
                "test_sharpe": float(random.normal(0.4, 1)), "default_sharpe": float(random.normal(0.4, 1)),
                "variants": 36,
            }
            for name in strategies
            for window in range(windows)
        ]
    )  # fmt: skip


def chosen_equity(strategies: tuple[str, ...]) -> pd.DataFrame:
    random = np.random.default_rng(47)
    times = pd.date_range("2024-01-01", periods=240, freq="D", tz="UTC")
    parts = []
    for name in strategies:
        own, default = (1e5 * np.exp(np.cumsum(random.normal(0.0005, 0.01, len(times)))) for _ in range(2))
        parts.append(pd.DataFrame({"strategy": name, "time": times, "equity": own, "default_equity": default}))
    return pd.concat(parts, ignore_index=True)


def grid(strategies: tuple[str, ...]) -> pd.DataFrame:
    random = np.random.default_rng(53)
    rows = []
    for name, (window, score, hold) in product(strategies, product((24, 72, 168, 336), (0.5, 1.0, 1.5), (True, False))):
        parameters = {"window": window, "entry_score": score, "hold": hold}
        sharpe = 1.2 - abs(np.log(window / 100)) - 0.4 * abs(score - 1) + random.normal(0, 0.1)
        rows.append(
            {
                "variant": f"{name}({parameters})", "strategy": name, "parameters": json.dumps(parameters),
                "sharpe": sharpe, "annual_return": sharpe / 5, "max_drawdown": 0.2, "fills": 400,
                "configured": window == 168 and score == 1.0 and hold,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def candles(symbols: tuple[str, ...], hours: int = 4_000) -> pd.DataFrame:
    random = np.random.default_rng(59)
    times = pd.date_range("2024-01-01", periods=hours, freq="h", tz="UTC")
    return pd.concat(
        [
            pd.DataFrame(
                {"symbol": symbol, "open_time": times, "open": 100 * np.exp(np.cumsum(random.normal(0, 0.006, hours)))}
            )
            for symbol in symbols
        ],
        ignore_index=True,
    )


def trades(symbols: tuple[str, ...], each: int = 60) -> pd.DataFrame:
    random = np.random.default_rng(61)
    parts = []
    for symbol, prices in candles(symbols).groupby("symbol", sort=False):
        entry = np.sort(random.choice(len(prices) - 50, each, replace=False))
        leave = entry + random.integers(3, 40, each)
        bought, sold = (prices["open"].to_numpy()[rows] for rows in (entry, leave))
        parts.append(
            pd.DataFrame(
                {
                    "symbol": symbol, "entry_time": prices["open_time"].to_numpy()[entry],
                    "exit_time": prices["open_time"].to_numpy()[leave], "entry_price": bought, "exit_price": sold,
                    "pnl": 100 * (sold / bought - 1) - 0.2, "status": "closed",
                }
            )
        )  # fmt: skip
    frame = pd.concat(parts, ignore_index=True)
    return frame.assign(**{end: pd.to_datetime(frame[end], utc=True) for end in ("entry_time", "exit_time")})


def fills(symbols: tuple[str, ...]) -> pd.DataFrame:
    closed = trades(symbols)
    kinds = np.where(np.arange(len(closed)) % 7 == 0, "stop", "target")
    return pd.DataFrame(
        {"symbol": closed["symbol"], "time": closed["exit_time"], "price": closed["exit_price"], "kind": kinds}
    )
