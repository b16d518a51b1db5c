"""The scorecard as Markdown that is also plain text: aligned for the terminal, valid in a browser."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from algotrade.reporting import formats
from algotrade.reporting.gate_tables import gate_sentence
from algotrade.reporting.judgement import evidence, verdict
from algotrade.reporting.scorecard import (
    JUDGED_STRATEGY,
    TARGET_BY_NAME,
    candidate_of,
    is_simulated,
    targets_of,
)

SIMULATED_LINE = "Simulated market: made-up candles with a known truth, not real prices."

_STRATEGY_COLUMNS: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("annual_return", "annual return", formats.percent),
    ("sharpe", "Sharpe", formats.ratio),
    ("max_drawdown", "max drawdown", formats.percent),
    ("trades", "trades", formats.count),
    ("deflated_sharpe", "deflated Sharpe", formats.ratio),
)
_MODEL_COLUMNS: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("accuracy", "accuracy", formats.percent),
    ("auc", "AUC", formats.significant),
    ("log_loss", "log loss", formats.score),
    ("information_coefficient", "IC", formats.score),
)


def scorecard_markdown(metrics: Mapping[str, Any]) -> str:
    """The verdict, the targets, the strategies and the models of a run, readable as plain text.

    Parameters
    ----------
    metrics : mapping
        The content of ``metrics.json``; missing parts are left out, missing values are "not defined".
    """
    parts = [SIMULATED_LINE] if is_simulated(metrics) else []
    parts += ["# Scorecard", " ".join([f"**{verdict(metrics)}**", *evidence(metrics)]), _targets_table(metrics)]
    parts += _named_table("Strategies", metrics.get("strategies", {}), _STRATEGY_COLUMNS, JUDGED_STRATEGY)
    parts += _named_table("Models", metrics.get("models", {}), _MODEL_COLUMNS, candidate_of(metrics))
    parts += [f"Gate: {sentence}"] if (sentence := gate_sentence(metrics)) else []
    parts += _data_line(metrics)
    return "\n\n".join(parts) + "\n"


def aligned_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table whose columns line up in a terminal: first column to the left, the others to the right.

    >>> print(aligned_table(["name", "value"], [["sharpe", "1.8"]]))
    | name   | value |
    |:-------|------:|
    | sharpe |   1.8 |
    """
    cells = [[str(cell).replace("|", "\\|") for cell in row] for row in (header, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]

    def line(row: Sequence[str]) -> str:
        first, *others = (
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        return "| " + " | ".join([first, *others]) + " |"

    rule = "|:" + "-" * (widths[0] + 1) + "|" + "".join("-" * (width + 1) + ":|" for width in widths[1:])
    return "\n".join([line(cells[0]), rule, *(line(row) for row in cells[1:])])


def _targets_table(metrics: Mapping[str, Any]) -> str:
    rows = []
    for judged in targets_of(metrics):
        target = TARGET_BY_NAME.get(judged["name"])
        goal = target.goal_in_words if target else str(judged["goal"])
        value = formats.finite(judged["value"])
        written = target.written(value) if target else formats.significant(value)
        rows.append([target.label if target else judged["name"], goal, written, "yes" if judged["met"] else "no"])
    return aligned_table(["target", "goal", "value", "met"], rows)


def _named_table(
    title: str,
    metrics_by_name: Mapping[str, Mapping[str, Any]],
    columns: Sequence[tuple[str, str, Callable[[Any], str]]],
    marked: str | None,
) -> list[str]:
    if not metrics_by_name:
        return []
    rows = [
        [f"{name} *" if name == marked else name, *(write(metrics.get(key)) for key, _, write in columns)]
        for name, metrics in metrics_by_name.items()
    ]
    note = "(* judged)" if marked == JUDGED_STRATEGY else "(* best candidate)"
    return [f"## {title} {note}", aligned_table(["name", *(header for _, header, _ in columns)], rows)]


def _data_line(metrics: Mapping[str, Any]) -> list[str]:
    data = metrics.get("data", {})
    if not data:
        return []
    symbols = formats.shortened([str(symbol) for symbol in data.get("symbols", [])])
    parts = [str(data.get("source", "unknown source")), symbols, *formats.data_facts(data)]
    return [f"Data: {', '.join(part for part in parts if part)}."]
