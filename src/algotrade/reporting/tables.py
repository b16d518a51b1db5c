"""The tables of the page as text: what is shown, in which order and with how many digits."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from algotrade.reporting import formats
from algotrade.reporting.context import ReportContext
from algotrade.reporting.scorecard import BENCHMARK_STRATEGY, JUDGED_STRATEGY, TARGET_BY_NAME, champion_of, targets_of

Write = Callable[[Any], str]


@dataclass(frozen=True)
class Row:
    """One line of a table: its name, a remark for the reader and its cells."""

    label: str
    cells: tuple[str, ...]
    hint: str = ""
    marked: bool = False


@dataclass(frozen=True)
class Table:
    """A heading for each column, and lines; ``marked`` is the column to highlight, if any."""

    columns: tuple[str, ...]
    groups: tuple[tuple[str, tuple[Row, ...]], ...]
    marked: str = ""


@dataclass(frozen=True)
class Card:
    """One target as the page shows it."""

    label: str
    goal: str
    value: str
    state: str


_STRATEGY_LINES: tuple[tuple[str, tuple[tuple[str, str, str, Write], ...]], ...] = (
    (
        "Return",
        (
            ("annual_return", "Annual return", "compound, after costs", formats.percent),
            ("final_equity", "Final equity", "quote currency", formats.money),
        ),
    ),
    (
        "Risk",
        (
            ("sharpe", "Sharpe", "annualised", formats.ratio),
            ("sortino", "Sortino", "annualised, downside only", formats.ratio),
            ("calmar", "Calmar", "annual return / max drawdown", formats.ratio),
            ("max_drawdown", "Maximum drawdown", "", formats.percent),
        ),
    ),
    (
        "Activity",
        (
            ("win_rate", "Win rate", "of closed trades, after costs", formats.percent),
            ("trades", "Trades", "closed", formats.count),
            ("turnover", "Turnover", "equity exchanged a year", formats.significant),
            ("exposure", "Exposure", "mean gross weight", formats.percent),
        ),
    ),
    (
        "Costs",
        (
            ("fees_paid", "Fees", "quote currency", formats.money),
            ("slippage_paid", "Slippage", "quote currency", formats.money),
        ),
    ),
    (
        "Luck",
        (
            ("probabilistic_sharpe", "Probabilistic Sharpe", "P(true Sharpe > 0)", formats.ratio),
            ("deflated_sharpe", "Deflated Sharpe", "P, after all trials", formats.ratio),
        ),
    ),
)


def target_cards(metrics: Mapping[str, Any]) -> list[Card]:
    """The judged targets; ``state`` is ``met``, ``missed`` or ``not defined``."""
    cards = []
    for judged in targets_of(metrics):
        value = formats.finite(judged["value"])
        target = TARGET_BY_NAME.get(judged["name"])
        missed = formats.NOT_DEFINED if value is None else "missed"
        cards.append(
            Card(
                label=target.label if target else formats.label(judged["name"]),
                goal=target.goal_in_words if target else str(judged["goal"]),
                value=target.written(value) if target else formats.significant(value),
                state="met" if judged["met"] else missed,
            )
        )
    return cards


def strategies_table(strategies: Mapping[str, Mapping[str, Any]]) -> Table | None:
    """Metrics down, strategies across: the judged one first, the market last."""
    if not strategies:
        return None
    names = sorted(strategies, key=lambda name: (name != JUDGED_STRATEGY, name == BENCHMARK_STRATEGY, name))
    groups = tuple(
        (
            title,
            tuple(
                Row(label, tuple(write(strategies[name].get(key)) for name in names), hint)
                for key, label, hint, write in lines
            ),
        )
        for title, lines in _STRATEGY_LINES
    )
    return Table(tuple(names), groups, marked=JUDGED_STRATEGY)


def provenance(metrics: Mapping[str, Any], context: ReportContext) -> list[tuple[str, str]]:
    """What is needed to repeat the run, as names and values; what is unknown is left out."""
    champion = champion_of(metrics)
    facts = (
        ("Run", context.run_id),
        ("Commit", context.commit),
        ("Created", formats.minute(context.created_time)),
        ("Champion", champion.get("name") or "none"),
        ("Model version", champion.get("version")),
        ("Feature fingerprint", champion.get("fingerprint")),
        ("Data digest", metrics.get("data", {}).get("digest")),
        ("Parameters hash", context.parameters_hash),
    )
    return [(name, str(value)) for name, value in facts if value not in (None, "")]


def timings(metrics: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Wall-clock time by pipeline and in total."""
    taken = metrics.get("timings", {})
    rows = [(formats.label(name), formats.seconds(value)) for name, value in taken.items()]
    known = [number for value in taken.values() if (number := formats.finite(value)) is not None]
    return [*rows, ("Total", formats.seconds(sum(known)))] if known and "total" not in taken else rows


def assumptions(settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Configured costs with their units."""
    return [(formats.label(key), formats.with_unit(key, value)) for key, value in settings.items()]


def quote_currency(symbols: Sequence[Any]) -> str:
    """The currency that equity and costs are counted in, where the symbols agree on one."""
    quotes = {str(symbol).split("/")[1].split(":")[0] for symbol in symbols if "/" in str(symbol)}
    return quotes.pop() if len(quotes) == 1 else "quote currency"
