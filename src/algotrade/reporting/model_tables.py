"""The models of a run as tables: scores with their intervals, and how far they can be trusted."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from algotrade.reporting import formats
from algotrade.reporting.tables import Row, Table

_Scores = Mapping[str, Any]
_GROUPS = {"confidence": "How sure it was", "symbol": "Symbol", "regime": "The market then"}


def models_table(models: Mapping[str, _Scores], champion: str | None) -> Table | None:
    """Out-of-fold scores, one line a model, each with the interval that chance alone gives it."""
    columns: tuple[tuple[str, Callable[[_Scores], str]], ...] = (
        ("Accuracy", lambda own: _scored(own, "accuracy", formats.percent_interval)),
        ("AUC", lambda own: _scored(own, "auc", formats.score_interval)),
        ("Log loss", lambda own: _scored(own, "log_loss", formats.fine_interval)),
        ("Brier", lambda own: _scored(own, "brier", formats.fine_interval)),
        ("IC", lambda own: _scored(own, "information_coefficient", formats.score_interval)),
        ("t of IC", lambda own: formats.ratio(own.get("information_coefficient_t"))),
    )
    return _table(models, champion, columns)


def trust_table(models: Mapping[str, _Scores], champion: str | None) -> Table | None:
    """Whether probabilities and intervals mean what they say, one line a model; None where that was not measured."""
    measured = {name: own for name, own in models.items() if own.get("calibration")}
    columns: tuple[tuple[str, Callable[[_Scores], str]], ...] = (
        ("Calibration slope", lambda own: _found(own["calibration"]["slope"], formats.short_interval)),
        ("Intercept", lambda own: _found(own["calibration"]["intercept"], formats.short_interval)),
        ("Calibration error", lambda own: _found(own["calibration"]["error"], formats.percent_interval)),
        ("by chance alone", lambda own: formats.percent(own["calibration"]["error_by_chance"])),
        ("Inside the interval", lambda own: _found(own["coverage"], formats.percent_interval)),
        ("its width", lambda own: formats.percent(own["coverage"]["mean_width"])),
        ("Missing", lambda own: formats.count(own["missing_forecasts"])),
    )
    return _table(measured, champion, columns)


def hit_rate_table(hit_rates: pd.DataFrame, model: str | None) -> Table | None:
    """How often one model leaned the right way, in groups of rows; None where that was not measured."""
    own = hit_rates[hit_rates["model"] == model] if len(hit_rates) else hit_rates
    groups = tuple(
        (title, tuple(_hit_row(row) for row in own[own["by"] == by].to_dict("records")))
        for by, title in _GROUPS.items()
        if len(own) and (own["by"] == by).any()
    )
    columns = ("Hit rate", "as sure as", "Rises", "Inside the interval", "Candles")
    return Table(columns, groups) if groups else None


def reasons_of(models: Mapping[str, _Scores]) -> list[str]:
    """Why a score has no value or no interval, in one sentence a model."""
    return [
        f"{name}: {', '.join(f'{formats.label(score).lower()}, because {why}' for score, why in reasons.items())}."
        for name, own in models.items()
        if (reasons := own.get("reasons"))
    ]


def _table(
    models: Mapping[str, _Scores], champion: str | None, columns: tuple[tuple[str, Callable[[_Scores], str]], ...]
) -> Table | None:
    rows = tuple(
        Row(name, tuple(write(own) for _, write in columns), marked=name == champion, tag="champion")
        for name, own in models.items()
    )
    return Table(tuple(label for label, _ in columns), (("", rows),)) if rows else None


def _scored(own: _Scores, score: str, write: formats.WriteInterval) -> str:
    interval = own.get("intervals", {}).get(score) or {}
    return write(own.get(score), interval.get("low"), interval.get("high"))


def _found(found: _Scores, write: formats.WriteInterval) -> str:
    return write(found.get("value"), found.get("low"), found.get("high"))


def _hit_row(row: Mapping[Any, Any]) -> Row:
    cells = (
        formats.percent_interval(row["hit_rate"], row["low"], row["high"]),
        formats.percent(row["confidence"]),
        formats.percent(row["rise_share"]),
        formats.percent(row["coverage"]),
        formats.count(row["rows"]),
    )
    return Row(str(row["bucket"]), cells)
