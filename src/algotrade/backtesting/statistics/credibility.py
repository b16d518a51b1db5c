"""Whether a result can be believed: how long it had to be, what its days share, and whom the best of many beats."""

from typing import Any

import numpy as np
import pandas as pd

from algotrade.backtesting.result import BacktestResult
from algotrade.backtesting.statistics.figures import periods_per_year
from algotrade.backtesting.statistics.settings import StatisticsSettings
from algotrade.domain import performance
from algotrade.domain.candles import FloatArray
from algotrade.domain.sharpe_scaling import corrected_sharpe
from algotrade.errors import BacktestError
from algotrade.validation.overfitting import SharpeSample, minimum_track_record, superiority


def track_record(result: BacktestResult, confidence: float = 0.95) -> dict[str, Any]:
    """Days that the Sharpe ratio would need to be believed to be above 0, and those there are.

    ``days`` and ``years`` are None where no record would do (a Sharpe ratio of 0 or less, or none at all);
    ``enough`` says whether the observed days suffice.
    """
    returns = _returns(result)
    needed = minimum_track_record(SharpeSample.of_returns(returns), confidence=confidence)
    known = bool(np.isfinite(needed))
    return {
        "days": needed if known else None,
        "years": needed / periods_per_year(result) if known else None,
        "observed_days": len(returns),
        "confidence": confidence,
        "enough": known and needed <= len(returns),
    }


def autocorrelation_of_days(result: BacktestResult) -> dict[str, Any]:
    """Lo's Sharpe ratio, his factor and standard error; None where they are not defined."""
    found = corrected_sharpe(_returns(result), periods_per_year(result))
    return {name: value if np.isfinite(value) else None for name, value in found._asdict().items()}


def superiority_over(
    benchmark: pd.Series, variants: pd.DataFrame, settings: StatisticsSettings | None = None
) -> dict[str, Any]:
    """White's reality check and Hansen's test of the best of many variants against a benchmark.

    Parameters
    ----------
    benchmark : Series
        Daily returns.
    variants : DataFrame of shape (days, variants)
        Daily returns of all that were tried.
    settings : StatisticsSettings, optional

    Returns
    -------
    dict
        ``p_value`` (White), ``spa`` with ``lower``, ``consistent`` and ``upper`` (Hansen), ``best`` (the variant),
        ``excess_annual`` (its mean excess return a year, simple), ``variants``, ``days``, ``block_length`` and
        ``note`` (why there is no test, else empty; figures are None then).
    """
    chosen = settings or StatisticsSettings()
    both = variants.join(benchmark.rename("__benchmark__"), how="inner").dropna()
    excess: FloatArray = (
        both[variants.columns].to_numpy(np.float64) - both["__benchmark__"].to_numpy(np.float64)[:, None]
    )
    names = ("p_value", "spa", "best", "excess_annual", "block_length")
    try:
        found = superiority(excess, chosen.draws, chosen.seed)
    except BacktestError as error:
        return {**dict.fromkeys(names), "variants": variants.shape[1], "days": len(both), "note": str(error)}
    return {
        "p_value": found.reality_check,
        "spa": {"lower": found.lower, "consistent": found.consistent, "upper": found.upper},
        "best": str(variants.columns[found.best]),
        "excess_annual": float(excess[:, found.best].mean() * performance.DAYS_PER_YEAR),
        "variants": found.variants,
        "days": found.periods,
        "block_length": found.block_length,
        "note": "",
    }


def _returns(result: BacktestResult) -> FloatArray:
    return performance.daily_returns(result.equity, result.initial_cash).to_numpy(dtype=np.float64)
