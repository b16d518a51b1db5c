"""What the search for settings brought, as the page and ``metrics.json`` tell it."""

from collections.abc import Mapping
from typing import Any

from algotrade.reporting import formats
from algotrade.reporting.tables import Row, Table

_TOLD = (
    "study",
    "trials",
    "pruned",
    "best_trial",
    "best_value",
    "configured_value",
    "best",
    "configured",
    "importance",
)


def search_metrics(
    searches: Mapping[str, Mapping[str, Any]], effects: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Section ``search`` of ``metrics.json``, by family; ``out_of_fold`` is None where nothing was compared."""
    return {
        family: {**{name: search[name] for name in _TOLD}, "out_of_fold": effects.get(family)}
        for family, search in searches.items()
    }


def search_sentences(metrics: Mapping[str, Any]) -> list[str]:
    """For each family what the search brought, inside and, where it is known, out of fold."""
    return [f"{_inside(family, search)} {_outside(search)}" for family, search in _searches(metrics).items()]


def settings_table(metrics: Mapping[str, Any]) -> Table | None:
    """The searched settings: configured, best, and how much each mattered."""
    groups = tuple(
        (
            family,
            tuple(
                Row(
                    name,
                    (
                        _number(search["configured"][name]),
                        _number(value),
                        formats.percent(search["importance"][name]) if search["importance"] else formats.NOT_DEFINED,
                    ),
                    hint=family,
                )
                for name, value in search["best"].items()
            ),
        )
        for family, search in _searches(metrics).items()
    )
    return Table(("configured", "best", "importance"), groups) if groups else None


def _searches(metrics: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    searches: Mapping[str, Mapping[str, Any]] = metrics.get("search", {})
    return searches


def _inside(family: str, search: Mapping[str, Any]) -> str:
    start = f"{family}: {search['trials']} trials, {search['pruned']} of them pruned."
    best, configured = formats.finite(search["best_value"]), formats.finite(search["configured_value"])
    if best is None or configured is None:
        return f"{start} Too few are complete; the configured settings stay."
    if search["best_trial"] == 0:
        return f"{start} None was better than the configured settings, with an inner log loss of {configured:.5f}."
    return (
        f"{start} The best, trial {search['best_trial']}, has an inner log loss of {best:.5f}, "
        f"{configured - best:.5f} less than the configured settings; the best of many tries looks better than it is."
    )


def _outside(search: Mapping[str, Any]) -> str:
    effect = search["out_of_fold"]
    if effect is None:
        return "What that is worth out of fold was not measured."
    saved, low, high = (formats.finite(effect[name]) for name in ("value", "low", "high"))
    if saved is None or low is None or high is None:
        return f"Out of fold nothing can be told: {effect['reason'] or 'there is no interval'}."
    meaning = "no more than noise brings" if low <= 0 <= high else "more than noise brings"
    what = f"{'saves' if saved >= 0 else 'costs'} {abs(saved):.5f} of log loss"
    return f"Out of fold it {what} (saving {low:+.5f} to {high:+.5f}): {meaning}."


def _number(value: float) -> str:
    return formats.count(value) if isinstance(value, int) else formats.significant(value)
