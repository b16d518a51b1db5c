"""The targets that every run is held against, and the verdict in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from algotrade.reporting import formats
from algotrade.reporting.formats import finite

JUDGED_STRATEGY = "ml_signal"
"""The strategy that trades on the best candidate's out-of-fold predictions; the scorecard judges it and no other."""
BENCHMARK_STRATEGY = "buy_and_hold"
NOT_DISTINGUISHABLE = "is not distinguishable from luck"
STANDS_OUT = "stands out from luck"


@dataclass(frozen=True)
class Target:
    """One goal: a metric, the side of the bound it should be on, and how people read it.

    Attributes
    ----------
    name : str
        Key of the metric in ``metrics.json``.
    label : str
    direction : {">", "<"}
        Strict: a value on the bound misses the goal.
    bound : float
        In the unit of the metric (fractions, not percent).
    of : {"strategy", "model"}
        Whose metric it is: the judged strategy's or the best candidate's.
    unit : {"percent", "ratio"}
    """

    name: str
    label: str
    direction: Literal[">", "<"]
    bound: float
    of: Literal["strategy", "model"] = "strategy"
    unit: Literal["percent", "ratio"] = "percent"

    def value(self, scores: Mapping[str, Any]) -> float | None:
        """The metric in ``scores``, or None where it is missing or not finite; a loss counts by its size."""
        number = finite(scores.get(self.name))
        # Some libraries give drawdowns as negative returns; -0.4 must never pass for "below 15 %".
        return abs(number) if number is not None and self.direction == "<" else number

    def met(self, value: float | None) -> bool:
        """Whether the value is strictly on the right side of the bound; a missing value never is."""
        if value is None:
            return False
        return value > self.bound if self.direction == ">" else value < self.bound

    @property
    def goal(self) -> str:
        """The bound as ``metrics.json`` keeps it, in the unit of the value: ``> 1.5``, ``< 0.15``."""
        return f"{self.direction} {self.bound:g}"

    @property
    def goal_in_words(self) -> str:
        """The bound as people read it: ``> 1.5``, ``< 15 %``."""
        return f"{self.direction} {100 * self.bound:g} %" if self.unit == "percent" else self.goal

    def written(self, value: float | None) -> str:
        """The value with enough digits that it never looks equal to a bound that it is not."""
        return _unrounded_onto(value, self.bound, percent=self.unit == "percent")


TARGETS: tuple[Target, ...] = (
    Target("sharpe", "Sharpe ratio", ">", 1.5, unit="ratio"),
    Target("max_drawdown", "Maximum drawdown", "<", 0.15),
    Target("win_rate", "Win rate", ">", 0.55),
    Target("annual_return", "Annual return", ">", 0.20),
    Target("accuracy", "Out-of-fold accuracy", ">", 0.60, of="model"),
    Target("deflated_sharpe", "Deflated Sharpe probability", ">", 0.95, unit="ratio"),
)
"""Goals, not promises: on real markets most runs miss some."""
TARGET_BY_NAME: Mapping[str, Target] = {target.name: target for target in TARGETS}


def judge(strategy_metrics: Mapping[str, Any], model_scores: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every target with its goal, the value reached and whether it is met.

    Parameters
    ----------
    strategy_metrics : mapping
        Metrics of the judged strategy, as under ``strategies`` in ``metrics.json``.
    model_scores : mapping
        Scores of the best candidate, as under ``models`` in ``metrics.json``.

    Returns
    -------
    list of dict
        ``name``, ``goal`` (such as ``"> 1.5"``), ``value`` (float, or None where not defined) and ``met``.

    >>> judge({"sharpe": 1.8, "max_drawdown": 0.2}, {"accuracy": 0.57})[0]
    {'name': 'sharpe', 'goal': '> 1.5', 'value': 1.8, 'met': True}
    """
    judged = []
    for target in TARGETS:
        value = target.value(strategy_metrics if target.of == "strategy" else model_scores)
        judged.append({"name": target.name, "goal": target.goal, "value": value, "met": target.met(value)})
    return judged


def targets_of(metrics: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The judged targets of a run: those recorded under ``targets``, else judged now."""
    recorded = metrics.get("targets")
    if recorded:
        return list(recorded)
    return judge(strategy_of(metrics), model_of(metrics))


def strategy_of(metrics: Mapping[str, Any], name: str = JUDGED_STRATEGY) -> Mapping[str, Any]:
    """The metrics of one strategy of a run, empty where it was not backtested."""
    return metrics.get("strategies", {}).get(name) or {}


def model_of(metrics: Mapping[str, Any]) -> Mapping[str, Any]:
    """The scores of the best candidate of a run, whether it became the champion or not, empty where there is none."""
    return metrics.get("models", {}).get(candidate_of(metrics)) or {}


def candidate_of(metrics: Mapping[str, Any]) -> str | None:
    """Name of the best candidate of a run, on whose out-of-fold predictions strategies are judged."""
    return (metrics.get("candidate") or metrics.get("champion") or {}).get("name")


def champion_of(metrics: Mapping[str, Any]) -> Mapping[str, Any]:
    """The champion that reigned when the run had ended, of this run or an earlier one; empty where there is none."""
    return metrics.get("champion") or {}


def crowned_of(metrics: Mapping[str, Any]) -> str | None:
    """Name of the model of this run that is the champion, None where the champion is another or there is none."""
    champion, candidate = champion_of(metrics), metrics.get("candidate") or champion_of(metrics)
    return champion.get("name") if champion.get("version") == candidate.get("version") else None


def is_simulated(metrics: Mapping[str, Any]) -> bool:
    """Whether the prices of a run come from the simulated market."""
    return str(metrics.get("data", {}).get("source", "")).lower().startswith("simulat")


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
    """The sentences behind the verdict: targets met, return against the market, and overfitting."""
    if not strategy_of(metrics):
        return []
    return [
        sentence
        for write in (_targets_met, _against_the_market, _overfitting_warning)
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


def _overfitting_warning(metrics: Mapping[str, Any]) -> str | None:
    if not is_overfitted(metrics):
        return None
    probability = metrics["overfitting"]["probability_of_backtest_overfitting"]
    return (
        f"Beware: the probability of backtest overfitting is {formats.percent(probability)}; "
        "the best variant in sample tends to fall below the median out of sample."
    )


def _unrounded_onto(value: float | None, bound: float, *, percent: bool) -> str:
    if value is None:
        return formats.NOT_DEFINED
    scale, suffix, least = (100.0, " %", 1) if percent else (1.0, "", 2)
    written = f"{scale * value:,.{least}f}"
    for decimals in range(least, 7):
        written = f"{scale * value:,.{decimals}f}"
        if value == bound or written != f"{scale * bound:,.{decimals}f}":
            break
    return written + suffix
