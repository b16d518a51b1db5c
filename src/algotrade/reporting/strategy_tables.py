"""The strategies of a run as tables: figures with intervals, drawdowns, where profit came from, what hard times did."""

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from algotrade.backtesting.grid import grid_table
from algotrade.reporting import formats
from algotrade.reporting.findings import Findings
from algotrade.reporting.scorecard import BENCHMARKS, JUDGED_STRATEGY
from algotrade.reporting.tables import Row, Table, Write

_Metrics = Mapping[str, Mapping[str, Any]]
MOST_SIDE_BY_SIDE = 6
"""Strategies whose every figure is shown; all of them are in the table above it."""
_RATIO, _PERCENT = formats.short_interval, formats.percent_interval
_LEAGUE: tuple[tuple[str, str, Write, formats.WriteInterval | None], ...] = (
    ("annual_return", "Annual return", formats.percent, _PERCENT),
    ("sharpe", "Sharpe", formats.ratio, _RATIO),
    ("max_drawdown", "Max drawdown", formats.percent, None),
    ("volatility", "Volatility", formats.percent, None),
    ("beta", "Beta", formats.ratio, None),
    ("turnover", "Turnover", formats.significant, None),
    ("trades", "Trades", formats.count, None),
    ("win_rate", "Win rate", formats.percent, None),
    ("deflated_sharpe", "Deflated Sharpe", formats.ratio, None),
)
_LINES: tuple[tuple[str, tuple[tuple[str, str, str, Write, formats.WriteInterval | None], ...]], ...] = (
    (
        "Return",
        (
            ("annual_return", "Annual return", "compound, after costs", formats.percent, _PERCENT),
            ("final_equity", "Final equity", "quote currency", formats.money, None),
            ("alpha", "Alpha", "a year, beyond the market", formats.percent, _PERCENT),
            ("beta", "Beta", "to the market", formats.ratio, _RATIO),
        ),
    ),
    (
        "Risk",
        (
            ("volatility", "Volatility", "annualised", formats.percent, _PERCENT),
            ("sharpe", "Sharpe", "annualised", formats.ratio, _RATIO),
            ("sortino", "Sortino", "annualised, downside only", formats.ratio, _RATIO),
            ("calmar", "Calmar", "annual return / max drawdown", formats.ratio, _RATIO),
            ("omega", "Omega", "gains / losses", formats.ratio, _RATIO),
            ("tail_ratio", "Tail ratio", "best / worst 5 % of days", formats.ratio, _RATIO),
            ("max_drawdown", "Maximum drawdown", "", formats.percent, _PERCENT),
            ("value_at_risk", "Value at risk", "a day in 20 loses more", formats.percent, _PERCENT),
            ("expected_shortfall", "Expected shortfall", "mean of those days", formats.percent, _PERCENT),
        ),
    ),
    (
        "Trades",
        (
            ("trades", "Trades", "closed", formats.count, None),
            ("win_rate", "Win rate", "of closed trades, after costs", formats.percent, _PERCENT),
            ("profit_factor", "Profit factor", "profits / losses", formats.ratio, _RATIO),
            ("expectancy", "Expectancy", "a trade, quote currency", formats.money, formats.money_interval),
            ("turnover", "Turnover", "equity exchanged a year", formats.significant, None),
            ("exposure", "Exposure", "mean gross weight", formats.percent, None),
        ),
    ),
    (
        "Costs, quote currency",
        (
            ("fees_paid", "Fees", "", formats.money, None),
            ("slippage_paid", "Slippage", "", formats.money, None),
            ("funding_paid", "Funding", "negative: received", formats.money, None),
            ("borrow_paid", "Borrow", "", formats.money, None),
        ),
    ),
    (
        "Luck",
        (
            ("probabilistic_sharpe", "Probabilistic Sharpe", "P(true Sharpe > 0)", formats.ratio, None),
            ("deflated_sharpe", "Deflated Sharpe", "P, after all trials", formats.ratio, None),
        ),
    ),
)


_SHOWN_IF_PAID = ("funding_paid", "borrow_paid")


def league_table(strategies: _Metrics, findings: Findings) -> Table | None:
    """One line a strategy, the judged one first, benchmarks last, the others by Sharpe ratio."""
    if not strategies:
        return None
    rows = tuple(
        Row(
            name,
            tuple(
                _written(findings, name, key, strategies[name].get(key), write, interval)
                for key, _, write, interval in _LEAGUE
            ),
            marked=name == JUDGED_STRATEGY,
            tag="judged",
        )
        for name in ranked(strategies)
    )
    return Table(tuple(label for _, label, *_ in _LEAGUE), (("", rows),))


def figures_table(strategies: _Metrics, findings: Findings) -> Table | None:
    """Every figure with its interval: metrics down, the judged strategy, the best others and the market across."""
    if not strategies:
        return None
    order = ranked(strategies)
    benchmarks = [name for name in order if name in BENCHMARKS]
    names = [*[name for name in order if name not in benchmarks][: MOST_SIDE_BY_SIDE - len(benchmarks)], *benchmarks]
    groups = []
    for title, lines in _LINES:
        rows = tuple(
            Row(
                label,
                tuple(_written(findings, name, key, strategies[name].get(key), write, ends) for name in names),
                hint,
            )
            for key, label, hint, write, ends in lines
            if any(key in strategies[name] for name in names)
            and (key not in _SHOWN_IF_PAID or any(formats.finite(strategies[name].get(key)) for name in names))
        )
        groups.append((title, rows))
    return Table(tuple(names), tuple(group for group in groups if group[1]), marked=JUDGED_STRATEGY, titled=True)


def ranked(strategies: _Metrics) -> list[str]:
    """Names of strategies: the judged one, the others by Sharpe ratio, benchmarks."""

    def place(name: str) -> tuple[bool, bool, float, str]:
        sharpe = formats.finite(strategies[name].get("sharpe"))
        return name != JUDGED_STRATEGY, name in BENCHMARKS, float("inf") if sharpe is None else -sharpe, name

    return sorted(strategies, key=place)


def drawdowns_table(findings: Findings, shown: int = 5, strategy: str = JUDGED_STRATEGY) -> Table | None:
    """The deepest falls of one strategy: when they began, bottomed and ended."""
    rows = tuple(
        Row(
            formats.percent(fall["depth"]),
            (
                formats.day(fall["peak_time"]),
                formats.day(fall["valley_time"]),
                formats.day(fall["end_time"]) if fall["status"] == "recovered" else "not yet",
                formats.days(fall["days"]),
            ),
        )
        for fall in _of(findings.drawdowns, strategy).head(shown).to_dict("records")
    )
    return Table(("Peak", "Valley", "Recovered", "Days"), (("", rows),)) if rows else None


def attribution_table(findings: Findings, strategy: str = JUDGED_STRATEGY) -> Table | None:
    """Profit of one strategy by group, and what costs took of it; months are drawn instead."""
    own = _of(findings.attribution, strategy)
    columns: tuple[tuple[str, str, Write], ...] = (
        ("pnl", "Profit", formats.money),
        ("fees", "Fees", formats.money),
        ("slippage", "Slippage", formats.money),
        ("funding", "Funding", formats.money),
        ("trades", "Trades", formats.count),
        ("hit_rate", "Won", formats.percent),
    )
    columns = tuple(column for column in columns if column[0] in own.columns and _is_shown(column[0], own))
    dimensions = [by for by in dict.fromkeys(own["by"]) if by != "month"] if len(own) else []
    groups = tuple(
        (
            f"By {by}",
            tuple(
                Row(str(part["group"]), tuple(write(part[key]) for key, _, write in columns))
                for part in own[own["by"] == by].to_dict("records")
            ),
        )
        for by in dimensions
    )
    return Table(tuple(label for _, label, _ in columns), groups, titled=True) if groups else None


def stress_table(findings: Findings, strategy: str = JUDGED_STRATEGY) -> Table | None:
    """What became of one strategy in named stretches of history and under conditions that were made worse."""
    own = _of(findings.stress, strategy)
    happened = own["kind"] == "history" if len(own) else pd.Series(dtype=bool)
    groups = tuple(
        (title, tuple(_stressed(test) for test in tests.to_dict("records")))
        for title, tests in (("What happened", own[happened]), ("What could have", own[~happened]))
        if len(tests)
    )
    columns = ("Return", "Max drawdown", "Sharpe", "Span", "Note")
    return Table(columns, groups, words=("Note",), titled=True) if groups else None


def choices_table(findings: Findings, strategy: str = JUDGED_STRATEGY) -> Table | None:
    """Which parameters one strategy got on each training window, and what came of them."""
    varied = _varied(findings, strategy)
    rows = tuple(
        Row(
            f"{formats.day(choice['test_start'])} to {formats.day(choice['test_end'])}",
            (
                _parameters(choice, varied),
                formats.ratio(choice["train_sharpe"]),
                formats.ratio(choice["test_sharpe"]),
                formats.ratio(choice.get("default_sharpe")),
            ),
        )
        for choice in _of(findings.choices, strategy).to_dict("records")
    )
    columns = ("Chosen", "Sharpe before", "then", "of the defaults")
    return Table(columns, (("", rows),), words=("Chosen",)) if rows else None


def _varied(findings: Findings, strategy: str) -> list[str]:
    """Names of the parameters that were varied among the variants of a strategy."""
    if not len(findings.grid):
        return []
    return [name for name in grid_table(findings.grid, strategy).columns if name not in findings.grid.columns]


def _parameters(choice: Mapping[Any, Any], varied: list[str]) -> str:
    chosen = json.loads(choice["parameters"]) if choice.get("parameters") else {}
    shown = [name for name in varied if name in chosen] or list(chosen)
    return ", ".join(f"{name} {chosen[name]}" for name in shown) or str(choice.get("variant", ""))


def _is_shown(key: str, parts: pd.DataFrame) -> bool:
    return key != "funding" or bool((parts["funding"] != 0.0).any())


def _stressed(test: Mapping[Any, Any]) -> Row:
    known = [test.get(end) for end in ("start", "end")]
    span = "" if any(time is None or pd.isna(time) for time in known) else " to ".join(map(formats.day, known))
    cells = (
        formats.percent(test["total_return"]),
        formats.percent(test["max_drawdown"]),
        formats.ratio(test["sharpe"]),
        span,
        "" if pd.isna(test.get("note")) else str(test.get("note") or ""),
    )
    return Row(str(test["scenario"]), cells)


def _of(frame: pd.DataFrame, strategy: str) -> pd.DataFrame:
    return frame[frame["strategy"] == strategy] if len(frame) else frame


def _written(
    findings: Findings, name: str, key: str, value: Any, write: Write, interval: formats.WriteInterval | None
) -> str:
    ends = findings.ends(key, name) if interval else {}
    if interval is None or ends.get("low") is None or ends.get("high") is None:
        return write(value)
    return interval(value, ends["low"], ends["high"])
