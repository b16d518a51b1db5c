"""The gate's decision as the page and the scorecard show it."""

from collections.abc import Mapping
from typing import Any

from algotrade.reporting import formats
from algotrade.reporting.tables import Row, Table

_YES, _NO = "✓ yes", "✗ no"
_FACTS = ("outcome", "passed", "sentence", "reasons", "comparisons", "checks")


def gate_metrics(decision: Mapping[str, Any]) -> dict[str, Any]:
    """What ``metrics.json`` tells of the gate: ``candidate``, ``champion`` (None where there is none) and ``gate``."""
    challenger, champion = decision["challenger"], decision["champion"]
    return {
        "candidate": {"name": challenger["name"], "version": challenger["version"]},
        "champion": None
        if champion is None
        else {
            "name": champion["name"],
            "version": champion["version"],
            "fingerprint": champion["feature_fingerprint"],
        },
        "gate": {fact: decision[fact] for fact in _FACTS},
    }


def gate_sentence(metrics: Mapping[str, Any]) -> str:
    """The decision in one sentence, empty where no gate has decided."""
    return str(metrics.get("gate", {}).get("sentence", ""))


def rivals_table(metrics: Mapping[str, Any]) -> Table | None:
    """The best candidate against each rival, on the candles that both forecast."""
    rows = tuple(_rival(comparison) for comparison in metrics.get("gate", {}).get("comparisons", ()))
    columns = ("beaten", "its log loss", "saved by the candidate", "interval", "p", "p at most", "candles", "blocks")
    return Table(columns, (("", rows),)) if rows else None


def checks_table(metrics: Mapping[str, Any]) -> Table | None:
    """What the best candidate has to be besides better than its rivals."""
    gate = metrics.get("gate", {})
    # The first checks repeat the comparisons, which have a table of their own.
    checks = gate.get("checks", ())[len(gate.get("comparisons", ())) :]
    rows = tuple(
        Row(
            check["name"],
            (_YES if check["passed"] else _NO, check["found"], check["required"]),
            hint="" if check["passed"] else check["reason"],
        )
        for check in checks
    )
    return Table(("passed", "found", "required"), (("", rows),), words=("found", "required")) if rows else None


def _rival(comparison: Mapping[str, Any]) -> Row:
    low, high = (formats.finite(comparison[end]) for end in ("low", "high"))
    interval = formats.NOT_DEFINED if low is None or high is None else f"{low:+.5f} to {high:+.5f}"
    saved = formats.finite(comparison["improvement"])
    return Row(
        comparison["rival"],
        (
            _YES if comparison["beaten"] else _NO,
            formats.score(comparison["rival_loss"]),
            formats.NOT_DEFINED if saved is None else f"{saved:+.5f}",
            interval,
            formats.p_value(comparison["p_value"]),
            f"{comparison['level']:g}",
            formats.count(comparison["rows"]),
            formats.count(comparison["blocks"]),
        ),
        hint=comparison["reason"] or comparison["role"],
    )
