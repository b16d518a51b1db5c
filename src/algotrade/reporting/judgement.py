"""Whether a run stands out from luck, in words."""

from collections.abc import Mapping
from typing import Any

from algotrade.reporting import formats
from algotrade.reporting.formats import finite
from algotrade.reporting.scorecard import (
    BENCHMARK_STRATEGY,
    JUDGED_STRATEGY,
    TARGET_BY_NAME,
    strategy_of,
    targets_of,
)

NOT_DISTINGUISHABLE = "is not distinguishable from luck"
STANDS_OUT = "stands out from luck"


def is_overfitted(metrics: Mapping[str, Any]) -> bool:
    """Whether choosing the best variant in sample was no better than choosing blindly.

    References
    ----------
    .. [1] Bailey, D. H. et al. (2017). The probability of backtest overfitting. Journal of Computational Finance.
    """
    probability = finite(metrics.get("overfitting", {}).get("probability_of_backtest_overfitting"))
    return probability is not None and probability >= 0.5


def verdict(metrics: Mapping[str, Any]) -> str:
    """One sentence: whether the judged strategy can be told from the luckiest of as many tries.

    References
    ----------
    .. [1] Bailey, D. H. & López de Prado, M. (2014). The deflated Sharpe ratio. Journal of Portfolio Management.

    >>> verdict({"strategies": {"ml_signal": {"deflated_sharpe": 0.41}}, "overfitting": {"trials": 216}})
    'ml_signal is not distinguishable from luck: deflated Sharpe 0.41 after 216 trials.'
    """
    if not strategy_of(metrics):
        return f"No verdict: {JUDGED_STRATEGY} was not backtested in this run."
    target = TARGET_BY_NAME["deflated_sharpe"]
    value = target.value(strategy_of(metrics))
    if value is None:
        return f"{JUDGED_STRATEGY} cannot be told from luck: its deflated Sharpe is {formats.NOT_DEFINED}."
    finding = STANDS_OUT if target.met(value) else NOT_DISTINGUISHABLE
    return f"{JUDGED_STRATEGY} {finding}: deflated Sharpe {target.written(value)}{_after_trials(metrics)}."


def evidence(metrics: Mapping[str, Any]) -> list[str]:
    """The sentences behind the verdict: targets, market, chance, costs, overfitting; what is unknown is left out."""
    if not strategy_of(metrics):
        return []
    return [
        sentence
        for write in (_targets_met, _against_the_market, _chance, _too_short, _affordable, _overfitting_warning)
        if (sentence := write(metrics)) is not None
    ]


def _after_trials(metrics: Mapping[str, Any]) -> str:
    trials = finite(metrics.get("overfitting", {}).get("trials"))
    if trials is None:
        return ""
    return f" after {trials:,.0f} {'trial' if trials == 1 else 'trials'}"


def _targets_met(metrics: Mapping[str, Any]) -> str | None:
    targets = targets_of(metrics)
    return f"It meets {sum(bool(target['met']) for target in targets)} of {len(targets)} targets."


def _against_the_market(metrics: Mapping[str, Any]) -> str | None:
    own = finite(strategy_of(metrics).get("annual_return"))
    market = finite(strategy_of(metrics, BENCHMARK_STRATEGY).get("annual_return"))
    if own is None:
        return None
    sentence = f"It returned {formats.percent(own)} a year after costs"
    return f"{sentence}." if market is None else f"{sentence}; buying and holding returned {formats.percent(market)}."


def _chance(metrics: Mapping[str, Any]) -> str | None:
    own = strategy_of(metrics)
    ends = own.get("intervals", {}).get("sharpe") or {}
    value, low, high = finite(own.get("sharpe")), finite(ends.get("low")), finite(ends.get("high"))
    if value is None or low is None or high is None:
        return None
    return f"Its Sharpe ratio of {value:.2f} could as well be anything from {low:.2f} to {high:.2f}."


def _too_short(metrics: Mapping[str, Any]) -> str | None:
    found = strategy_of(metrics).get("robustness", {}).get("minimum_track_record") or {}
    days, needed = finite(found.get("observed_days")), finite(found.get("days"))
    if found.get("enough") or days is None or needed is None:
        return None
    return f"{days:,.0f} days are too few to tell that ratio from 0: it would take {needed:,.0f}."


def _affordable(metrics: Mapping[str, Any]) -> str | None:
    found = strategy_of(metrics).get("robustness", {}).get("cost_sensitivity") or {}
    even, paid = finite(found.get("break_even_bps")), finite(found.get("paid_bps"))
    if even is None or paid is None:
        return None
    return f"It paid {paid:,.1f} bps a side to trade and would break even at {even:,.1f}."


def _overfitting_warning(metrics: Mapping[str, Any]) -> str | None:
    if not is_overfitted(metrics):
        return None
    probability = metrics["overfitting"]["probability_of_backtest_overfitting"]
    return (
        f"Beware: the probability of backtest overfitting is {formats.percent(probability)}; "
        "the best variant in sample tends to fall below the median out of sample."
    )
