"""How far a result can be trusted, in a line a test: what was found, and how to read it."""

from collections.abc import Mapping
from typing import Any

from algotrade.reporting import formats
from algotrade.reporting.findings import Findings
from algotrade.reporting.scorecard import BENCHMARK_STRATEGY, JUDGED_STRATEGY, strategy_of
from algotrade.reporting.tables import Row, Table

NOT_COMPUTED = "not computed"


def robustness_table(metrics: Mapping[str, Any], findings: Findings, strategy: str = JUDGED_STRATEGY) -> Table | None:
    """Every test of one strategy that tells skill from luck; None where no strategy was backtested."""
    own = strategy_of(metrics, strategy)
    if not own:
        return None
    found = findings.robustness.get(strategy, {})
    overfitting = metrics.get("overfitting", {})
    luck = (
        _deflated(metrics, own),
        _probabilistic(own),
        _track_record(found.get("minimum_track_record") or {}),
        _autocorrelation(found.get("lo") or {}),
    )
    choice = (
        _overfitting(overfitting),
        _superiority("all strategies", overfitting.get("superiority") or {}),
        _superiority(strategy, found.get("reality_check") or {}),
        _plateau(found.get("plateau") or {}),
    )
    money = (
        _break_even(found.get("cost_sensitivity") or {}),
        _trade_order(found.get("monte_carlo") or {}),
        _capacity(found.get("capacity") or {}),
    )
    groups = (("Is it luck?", luck), ("Is it the choice?", choice), ("Does it last in practice?", money))
    return Table(("Found", "Reading"), groups, words=("Reading",), titled=True)


def shortfall_table(findings: Findings, strategy: str = JUDGED_STRATEGY) -> Table | None:
    """What was lost between a decision and its fill, part by part; None where that was not computed."""
    found = findings.robust("shortfall", strategy)
    parts = (
        ("delay", "Delay", "from the close that decided to the open that was aimed at; negative: in favour"),
        ("spread", "Spread", "from that open to the price a small order gets"),
        ("impact", "Impact", "what the size of the order added"),
        ("fees", "Fees", ""),
        ("total", "Implementation shortfall", "of an account that trades at the prices that it decides on"),
    )
    rows = tuple(
        Row(label, (formats.money(found.get(key)), formats.ratio(found.get(f"{key}_bps"))), hint)
        for key, label, hint in parts
    )
    return Table(("Quote currency", "bps of what was traded"), (("", rows),)) if found else None


def _row(label: str, found: str, reading: str, *, known: bool) -> Row:
    return Row(label, (found if known else NOT_COMPUTED, reading))


def _deflated(metrics: Mapping[str, Any], own: Mapping[str, Any]) -> Row:
    trials = formats.count(metrics.get("overfitting", {}).get("trials"))
    return _row(
        "Deflated Sharpe",
        f"{formats.ratio(own.get('deflated_sharpe'))} after {trials} trials",
        "Probability that the true Sharpe ratio is above what the luckiest of as many worthless tries would show.",
        known=formats.finite(own.get("deflated_sharpe")) is not None,
    )


def _probabilistic(own: Mapping[str, Any]) -> Row:
    return _row(
        "Probabilistic Sharpe",
        formats.ratio(own.get("probabilistic_sharpe")),
        "Probability that the true Sharpe ratio is above 0, as if nothing else had been tried.",
        known=formats.finite(own.get("probabilistic_sharpe")) is not None,
    )


def _track_record(found: Mapping[str, Any]) -> Row:
    needed = formats.finite(found.get("days"))
    return _row(
        "Minimum track record",
        f"{formats.count(needed)} days" if needed is not None else "none would do",
        f"How long such a Sharpe ratio would have to last to be above 0 with {formats.percent(found.get('confidence'))}"
        f" confidence; seen: {formats.count(found.get('observed_days'))} days."
        if found
        else "How long such a Sharpe ratio would have to last to be hardly luck.",
        known=bool(found),
    )


def _autocorrelation(found: Mapping[str, Any]) -> Row:
    return _row(
        "Sharpe, corrected",
        f"{formats.ratio(found.get('sharpe'))} ± {formats.ratio(found.get('standard_error'))}",
        "Lo's: annualised with what days share with their neighbours; its standard error.",
        known=formats.finite(found.get("sharpe")) is not None,
    )


def _overfitting(found: Mapping[str, Any]) -> Row:
    probability = found.get("probability_of_backtest_overfitting")
    return _row(
        "Backtest overfitting (PBO)",
        formats.percent(probability),
        "Share of the splits of history in which the best variant in sample falls below the median out of sample.",
        known=formats.finite(probability) is not None,
    )


def _superiority(searched: str, found: Mapping[str, Any]) -> Row:
    white, hansen = (
        formats.finite(value) for value in (found.get("p_value"), (found.get("spa") or {}).get("consistent"))
    )
    return _row(
        f"Reality check, SPA: {searched}",
        f"p = {formats.p_value(white)}, {formats.p_value(hansen)}",
        str(found.get("note") or "")
        or f"Probability that so good a best one comes out of variants none of which beats {BENCHMARK_STRATEGY}.",
        known=white is not None or hansen is not None,
    )


def _plateau(found: Mapping[str, Any]) -> Row:
    return _row(
        "Plateau",
        f"{formats.ratio(found.get('mean'))} against {formats.ratio(found.get('sharpe'))}",
        f"Mean Sharpe ratio of the {formats.count(found.get('neighbours'))} variants one step away; worst "
        f"{formats.ratio(found.get('worst'))}. A needle would fall off."
        if found
        else "Mean Sharpe ratio of the variants one step away: a needle would fall off.",
        known=formats.finite(found.get("mean")) is not None,
    )


def _break_even(found: Mapping[str, Any]) -> Row:
    even, paid = (formats.finite(found.get(name)) for name in ("break_even_bps", "paid_bps"))
    note = str(found.get("note") or "")
    told = f"{formats.significant(even)} bps a side" if even is not None else note
    return _row(
        "Break-even cost",
        told,
        f"It paid {formats.significant(paid)} bps of what it traded." if paid is not None else "Nothing was traded.",
        known=bool(told),
    )


def _trade_order(found: Mapping[str, Any]) -> Row:
    return _row(
        "Order of trades",
        f"{formats.percent(found.get('worst_5_percent'))} in 1 of 20",
        f"Deepest drawdown when {formats.count(found.get('trades'))} trades come in another order; as they came, "
        f"{formats.percent(found.get('max_drawdown'))}."
        if found
        else "Deepest drawdown when the same trades come in another order.",
        known=formats.finite(found.get("worst_5_percent")) is not None,
    )


def _capacity(found: Mapping[str, Any]) -> Row:
    return _row(
        "Capacity",
        formats.money(found.get("equity")),
        f"Equity at which 19 fills in 20 take at most {formats.percent(found.get('participation'))} of the volume."
        if found
        else "Equity that it could carry before its own orders are the market.",
        known=formats.finite(found.get("equity")) is not None,
    )
