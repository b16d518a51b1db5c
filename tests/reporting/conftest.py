"""A made-up run, realistic in shape and size, from which the page can be drawn and looked at."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.reporting import made_up

from algotrade.models import LabelledSamples, Preparation, PreparationSettings, Samples, Targets
from algotrade.reporting import QualityFrames, ReportContext, ReportFrames, judge
from algotrade.validation.feature_stability import feature_stability

SYMBOLS = ("BTC/USDT", "ETH/USDT", "SOL/USDT", "BNB/USDT", "XRP/USDT")
MODELS = {"baseline": 0.515, "lightgbm": 0.556, "lstm": 0.537, "ensemble": 0.561}
STRATEGIES = {
    "ml_signal": (1.1, 0.25),
    "momentum": (0.4, 0.45),
    "mean_reversion": (-0.6, 0.3),
    "buy_and_hold": (0.7, 0.6),
}
FAMILIES = ("trend", "momentum", "volatility", "volume", "calendar", "cross_section")


def run_metrics(source: str = "simulated", symbols: tuple[str, ...] = SYMBOLS) -> dict[str, Any]:
    random = np.random.default_rng(7)
    models = {
        name: {
            "folds": 8,
            "accuracy": auc - 0.01,
            "auc": auc,
            "log_loss": 0.6931 - (auc - 0.5) ** 2,
            "brier": 0.25 - (auc - 0.5) ** 2 / 2,
            "information_coefficient": 1.4 * (auc - 0.5),
            "information_coefficient_t": 40 * (auc - 0.5),
            "intervals": {
                "accuracy": {"low": auc - 0.022, "high": auc + 0.002, "standard_error": 0.006},
                "auc": {"low": auc - 0.016, "high": auc + 0.016, "standard_error": 0.008},
                "log_loss": {"low": 0.6921 - (auc - 0.5) ** 2, "high": 0.6941 - (auc - 0.5) ** 2},
                "brier": {"low": None, "high": None, "standard_error": None},
            },
            "calibration": {
                "slope": {"value": 0.91, "low": 0.75, "high": 1.07, "standard_error": 0.08},
                "intercept": {"value": 0.01, "low": -0.05, "high": 0.07, "standard_error": 0.03},
                "error": {"value": 0.012, "low": 0.0, "high": 0.03, "standard_error": 0.009},
                "error_by_chance": 0.015,
            },
            "coverage": {"value": 0.897, "low": 0.88, "high": 0.914, "standard_error": 0.009, "mean_width": 0.051},
            "missing_forecasts": 0,
            "reasons": {"brier": "7 blocks of time are too few for an interval; 8 are needed"},
        }
        for name, auc in MODELS.items()
    }
    strategies = {
        name: {
            "sharpe": sharpe,
            "sortino": 1.4 * sharpe,
            "calmar": sharpe / 1.7,
            "annual_return": sharpe * risk,
            "max_drawdown": 0.7 * risk,
            "win_rate": 0.47 + sharpe / 20,
            "turnover": float(random.uniform(1, 90)),
            "trades": int(random.integers(5, 2400)),
            "exposure": float(random.uniform(0.2, 1)),
            "fees_paid": float(random.uniform(100, 9000)),
            "slippage_paid": float(random.uniform(50, 4000)),
            "final_equity": 100_000 * (1 + 1.5 * sharpe * risk),
            "probabilistic_sharpe": 0.5 + 0.3 * sharpe,
            "deflated_sharpe": 0.41 if name == "ml_signal" else None,
            "intervals": {"sharpe": {"low": -0.4, "high": 2.6}, "win_rate": {"low": 0.49, "high": 0.55}},
            "robustness": made_up.robustness(),
        }
        for name, (sharpe, risk) in STRATEGIES.items()
    }
    return {
        "data": {
            "source": source,
            "symbols": list(symbols),
            "timeframe": "1h",
            "start": "2023-01-01T00:00:00+00:00",
            "end": "2024-12-31T23:00:00+00:00",
            "rows": 87_720,
            "gaps": 3,
            "missing_candles": 12,
            "known_missing_candles": 4,
            "longest_gap_candles": 7,
            "duplicates": 0,
            "quarantined": 12,
            "anomalies": {"returns": 14, "volumes": 3, "stale_candles": 0, "divergent_candles": 9},
            "last_candle_age_seconds": 3_700.0,
            "divergence": {
                "binance": {"median_deviation_bps": 1.2, "max_deviation_bps": 80.0, "left_out_share": 0.0},
                "kraken": {"median_deviation_bps": 3.4, "max_deviation_bps": 412.0, "left_out_share": 0.0001},
            },
            "digest": "5c1f0b7a" * 8,
        },
        "features": {
            "count": 18,
            "absent": 1,
            "constant": 2,
            "duplicates": 1,
            "near_copies": 3,
            "clusters": 2,
            "scattered_rows": 12,
            "kept": 14,
            "dropped": {"collinear": 2, "constant": 2},
            "factors": {"kind": "pca", "count": 2, "explained": 0.61},
            "unstable": 3,
            "rank_correlation": 0.74,
            "kuncheva_index": 0.58,
        },
        "search": {"lightgbm": search_found()},
        "models": models,
        "champion": {"name": "ensemble", "version": "3", "fingerprint": "9f2c41d07be3a855"},
        "strategies": strategies,
        "overfitting": {"probability_of_backtest_overfitting": 0.31, "trials": 216},
        "targets": judge(strategies["ml_signal"], models["ensemble"]),
        "timings": {
            "ingestion": 4.2,
            "feature_engineering": 3.1,
            "training": 131.0,
            "backtesting": 11.8,
        },
    }


def equity_frame(days: int = 500, start: str = "2023-08-17") -> pd.DataFrame:
    random = np.random.default_rng(11)
    times = pd.date_range(start, periods=24 * days, freq="h", tz="UTC").as_unit("ms")
    common = random.standard_t(4, len(times))
    parts = []
    for name, (sharpe, risk) in STRATEGIES.items():
        noise = 0.5 * common + 0.8 * random.standard_t(4, len(times))
        steps = sharpe * risk / 8760 + risk / np.sqrt(8760) * noise / 1.3
        parts.append(pd.DataFrame({"strategy": name, "time": times, "equity": 100_000 * np.exp(np.cumsum(steps))}))
    return pd.concat(parts, ignore_index=True)


def frames() -> ReportFrames:
    random = np.random.default_rng(13)
    scores = pd.DataFrame(
        [
            {
                "model": name,
                "fold": fold,
                "auc": auc + random.normal(0, 0.015),
                "accuracy": auc + random.normal(0, 0.01),
            }
            for name, auc in MODELS.items()
            for fold in range(8)
        ]
    )
    importance = pd.DataFrame(
        [
            {"feature": f"{family}_{kind}_{window}", "family": family, "importance": float(random.gamma(0.8, 400))}
            for family in FAMILIES
            for kind in ("mean", "zscore")
            for window in (12, 48, 168)
        ]
    )
    predicted = np.linspace(0.36, 0.64, 10)
    calibration = pd.DataFrame(
        [
            {
                "model": name,
                "bin": position,
                "mean_probability": p,
                "observed_frequency": 0.5 + (p - 0.5) * 0.8 + random.normal(0, 0.008),
                "count": int(9000 * np.exp(-(((p - 0.5) / 0.06) ** 2))) + 40,
            }
            for name in MODELS
            for position, p in enumerate(predicted)
        ]
    )
    return ReportFrames(
        equity_frame(),
        scores,
        importance,
        calibration,
        folds_frame(),
        quality_frames(),
        features_frame(),
        paths=paths_frame(),
        hit_rates=hit_rates_frame(),
        explanation=explanation_frame(),
        trials=trials_frame(),
        findings=made_up.findings(tuple(STRATEGIES), SYMBOLS),
    )


def trials_frame() -> pd.DataFrame:
    random = np.random.default_rng(37)
    value = 0.6915 + random.gamma(2, 0.0006, 20)
    state = np.where(np.arange(20) % 4 == 3, "pruned", "complete")
    return pd.DataFrame({"family": "lightgbm", "number": np.arange(20), "state": state, "value": value})


def search_found() -> dict[str, Any]:
    return {
        "study": "lightgbm-5c1f0b7a5c1f",
        "trials": 20,
        "pruned": 5,
        "best_trial": 12,
        "best_value": 0.6918,
        "configured_value": 0.6924,
        "best": {"num_leaves": 9, "learning_rate": 0.0213, "lambda_l2": 3.1},
        "configured": {"num_leaves": 15, "learning_rate": 0.03, "lambda_l2": 10.0},
        "importance": {"learning_rate": 0.61, "num_leaves": 0.3, "lambda_l2": 0.09},
        "out_of_fold": {"value": 0.0001, "low": -0.0006, "high": 0.0008, "p_value": 0.78, "blocks": 60, "reason": ""},
    }


def hit_rates_frame(symbols: tuple[str, ...] = SYMBOLS) -> pd.DataFrame:
    random = np.random.default_rng(29)
    steps = ("50.0 to 50.8 %", "50.8 to 51.9 %", "51.9 to 53.4 %", "53.4 to 55.6 %", "55.6 to 71.2 %")
    buckets = {"confidence": steps, "symbol": symbols, "regime": ("calm", "medium", "wild")}
    rows = []
    for name, auc in MODELS.items():
        for by, names in buckets.items():
            for position, bucket in enumerate(names):
                sure = 0.5 + (0.01 + 0.02 * position if by == "confidence" else 0.03)
                rate = 0.5 + (sure - 0.5) * (auc - 0.5) / 0.05 + random.normal(0, 0.004)
                rows.append((name, by, bucket, 3600, rate, rate - 0.012, rate + 0.012, sure, 0.503, 0.9))
    columns = ["model", "by", "bucket", "rows", "hit_rate", "low", "high", "confidence", "rise_share", "coverage"]
    return pd.DataFrame(rows, columns=columns)


def explanation_frame() -> pd.DataFrame:
    random = np.random.default_rng(31)
    names = [(f"{family}_{kind}", family) for family in FAMILIES for kind in ("mean", "zscore", "rank", "slope")]
    parts = []
    for model, kind, size in (("ensemble", "permutation", 0.002), ("lightgbm", "shap", 0.04)):
        value = np.sort(random.gamma(0.6, size, len(names)))[::-1]
        parts.append(
            pd.DataFrame(
                {
                    "model": model,
                    "feature": [name for name, _ in names],
                    "family": [family for _, family in names],
                    "kind": kind,
                    "value": value,
                    "low": value - size / 3,
                    "high": value + size / 3,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


LATE = "LATE/USDT"


def folds_frame(folds: int = 8) -> pd.DataFrame:
    """Two symbols over the whole history, and one that is listed in the middle of it."""
    begin, day, rows = pd.Timestamp("2023-01-01", tz="UTC"), pd.Timedelta(days=1), []
    for fold in range(folds):
        test = 229 + 62 * fold
        parts = [
            ("training", "", 0, test - 40), ("purged", "early stopping", test - 40, test - 39.6),
            ("early stopping", "", test - 39.6, test - 1.4), ("purged", "test", test - 1.4, test - 1),
            ("embargo", "test", test - 1, test), ("test", "", test, test + 62),
        ]  # fmt: skip
        for symbol, first in (("BTC/USDT", 0), ("ETH/USDT", 0), (LATE, 400)):
            own = parts if first < test - 100 else [("not joined", "", 0, test + 62)]
            rows += [
                (fold, symbol, part, before, int(24 * (end - max(start, first))), max(start, first), end)
                for part, before, start, end in own
                if end > first
            ]
    frame = pd.DataFrame(rows, columns=["fold", "symbol", "part", "before", "rows", "start", "end"])
    return frame.assign(start=begin + frame["start"] * day, end=begin + frame["end"] * day)


def paths_frame() -> pd.DataFrame:
    random = np.random.default_rng(17)
    return pd.DataFrame(
        [
            {"model": name, "path": path, "gain": gain + random.normal(0, 0.001), "auc": 0.5 + 8 * gain}
            for name, gain in {"logistic": 0.004, "trees of 4 leaves": 0.006, "trees of 16 leaves": 0.001}.items()
            for path in range(5)
        ]
    )


def features_frame(folds: int = 4) -> pd.DataFrame:
    random = np.random.default_rng(19)
    names = [(f"{family}_{kind}", family) for family in FAMILIES for kind in ("mean", "zscore", "rank", "slope")]
    parts = []
    for fold in range(folds):
        gain = random.gamma(0.8, 1.0, len(names)) * np.linspace(3, 0.2, len(names))
        parts.append(
            pd.DataFrame(
                {
                    "fold": fold,
                    "feature": [name for name, _ in names],
                    "family": [family for _, family in names],
                    "selected": gain > 0.05,
                    "importance": gain / gain.sum(),
                    "rank": (-pd.Series(gain)).rank().to_numpy(),
                    "information_coefficient": random.normal(0.02, 0.03, len(names)),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def final_preparation() -> Preparation:
    random = np.random.default_rng(23)
    rows = random.standard_normal((400, 2)) @ random.standard_normal((2, 6)) + 0.1 * random.standard_normal((400, 6))
    samples = LabelledSamples(Samples(rows, np.arange(400)), Targets.of_returns(rows[:, 0]))
    names = tuple(f"volume_{kind}" for kind in ("mean", "zscore", "rank", "slope", "share", "flow"))
    return Preparation.fit(samples, names, PreparationSettings(factors={"kind": "pca", "count": 2}))


def quality_frames(
    symbols: tuple[str, ...] = SYMBOLS, exchanges: tuple[str, ...] = ("binance", "kraken")
) -> QualityFrames:
    random = np.random.default_rng(17)
    times = pd.date_range("2023-01-01", periods=120, freq="6D", tz="UTC").as_unit("ms")
    series = [{"exchange": exchange, "symbol": symbol} for exchange in exchanges for symbol in symbols]
    cover = pd.concat(
        [
            pd.DataFrame({**keys, "time": times, "candles": 144 - random.binomial(9, 0.03, 120), "expected": 144})
            for keys in series
        ],
        ignore_index=True,
    )
    reasons = pd.DataFrame(
        [
            {**keys, "reason": reason, "rows": int(random.integers(1, 40))}
            for keys in series
            for reason in ("the volume is negative", "a price or the volume is missing or not finite")
        ]
    )
    odd = pd.DataFrame(
        [
            {**keys, "kind": kind, "open_time": times[place], "score": float(score * random.choice([-1, 1]))}
            for keys in series
            for kind, score in (("return", 25), ("volume", 7), ("stale", 5), ("divergence", 300))
            for place in random.integers(0, 120, 3)
        ]
    )
    timeline = pd.concat(
        [
            pd.DataFrame(
                {
                    **keys,
                    "time": times,
                    "compared": 144,
                    "mean_deviation_bps": random.gamma(2, 2, 120),
                    "max_deviation_bps": 20 + random.gamma(2, 20, 120),
                    "left_out": random.binomial(1, 0.05, 120),
                }
            )
            for keys in series
        ],
        ignore_index=True,
    )
    return QualityFrames(cover, reasons, odd, timeline)


def quality_frame(symbols: tuple[str, ...] = SYMBOLS) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "exchange": "simulated",
                "symbol": symbol,
                "timeframe": "1h",
                "start": pd.Timestamp("2023-01-01", tz="UTC"),
                "end": pd.Timestamp("2024-12-31 23:00", tz="UTC"),
                "rows": 17_544 - position,
                "duplicates": 0,
                "gaps": position % 3,
                "missing_candles": 3 * (position % 3),
                "longest_gap_candles": 2 * (position % 3),
                "quarantined": 4 * (position % 2),
                "zero_volume": position,
                "return_anomalies": 3,
                "volume_anomalies": position,
                "stale_candles": 0,
                "divergent_candles": 0,
                "last_candle_age_seconds": np.nan,
            }
            for position, symbol in enumerate(symbols)
        ]
    )


def run_context(symbols: tuple[str, ...] = SYMBOLS) -> ReportContext:
    return ReportContext(
        run_id="2026-11-22T14.39.05.123Z",
        commit="52a3815",
        created_time=pd.Timestamp("2026-11-22 14:41", tz="UTC").to_pydatetime(),
        quality=quality_frame(symbols),
        stability=feature_stability(features_frame(), top=5),
        hit_rates=hit_rates_frame(symbols),
        findings=made_up.findings(tuple(STRATEGIES), symbols),
        preparation=final_preparation(),
        notes=(
            "Trading starts after the first training span of 225 days.",
            "12 candles with a high below their close were quarantined.",
        ),
        planted_signal="a planted signal (information coefficient 0.06)",
        cost_assumptions={
            "taker_fee_bps": 10.0,
            "half_spread_bps": 1.5,
            "impact_coefficient": 0.1,
            "max_participation": 0.05,
        },
        horizon=12,
        parameters_hash="b1946ac92492d234",
        library_versions={
            "python": "3.11.9",
            "lightgbm": "4.7.0",
            "numpy": "2.4.6",
            "pandas": "3.1.1",
            "plotly": "7.1.0",
        },
    )


@pytest.fixture
def metrics() -> dict[str, Any]:
    return run_metrics()


@pytest.fixture(scope="session")
def make_metrics() -> Callable[..., dict[str, Any]]:
    return run_metrics


@pytest.fixture(scope="session")
def report_frames() -> ReportFrames:
    return frames()


@pytest.fixture(scope="session")
def make_context() -> Callable[..., ReportContext]:
    return run_context
