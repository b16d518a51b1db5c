"""The tables of the page as text: what is shown, in which order and with how many digits."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from algotrade.reporting import formats
from algotrade.reporting.context import ReportContext
from algotrade.reporting.scorecard import TARGET_BY_NAME, Target, champion_of, model_of, strategy_of, targets_of

Write = Callable[[Any], str]


@dataclass(frozen=True)
class Row:
    """One line of a table: its name, a remark for the reader and its cells; a marked one may carry a tag."""

    label: str
    cells: tuple[str, ...]
    hint: str = ""
    marked: bool = False
    tag: str = ""


@dataclass(frozen=True)
class Table:
    """A heading for each column, and lines in groups.

    Attributes
    ----------
    columns : tuple of str
    groups : tuple of (title, rows)
    marked : str
        The column to highlight, if any.
    words : tuple of str
        Columns that hold sentences, which may take several lines.
    titled : bool
        Whether the titles of the groups are shown.
    """

    columns: tuple[str, ...]
    groups: tuple[tuple[str, tuple[Row, ...]], ...]
    marked: str = ""
    words: tuple[str, ...] = ()
    titled: bool = False


@dataclass(frozen=True)
class Card:
    """One target as the page shows it, with the interval of the value where there is one."""

    label: str
    goal: str
    value: str
    state: str
    interval: str = ""


def target_cards(metrics: Mapping[str, Any]) -> list[Card]:
    """The judged targets with their intervals; ``state`` is ``met``, ``missed`` or ``not defined``."""
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
                interval=_interval(metrics, target),
            )
        )
    return cards


def _interval(metrics: Mapping[str, Any], target: Target | None) -> str:
    if target is None:
        return ""
    scores = strategy_of(metrics) if target.of == "strategy" else model_of(metrics)
    ends = scores.get("intervals", {}).get(target.name) or {}
    low, high = (formats.finite(ends.get(end)) for end in ("low", "high"))
    if low is None or high is None:
        return ""
    return f"{100 * low:,.0f} to {100 * high:,.0f} %" if target.unit == "percent" else f"{low:.2f} to {high:.2f}"


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
