"""The targets that every run is held against."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from algotrade.reporting import formats
from algotrade.reporting.formats import finite

JUDGED_STRATEGY = "ml_signal"
"""The strategy that trades on the best candidate's out-of-fold predictions; the scorecard judges it and no other."""
BENCHMARK_STRATEGY = "buy_and_hold"
"""What stands for the market."""
BENCHMARKS = (BENCHMARK_STRATEGY, "equal_weight")
"""Strategies that decide nothing: what the others are held against."""


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
