"""What ``metrics.json`` tells of each strategy: its figures, and in compact form what was found out about it."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from algotrade.reporting.findings import Findings
from algotrade.reporting.formats import finite

_STRESSED = ("total_return", "max_drawdown", "sharpe")
_PARTS = ("pnl", "trades")


def strategies_section(scores: Mapping[str, Mapping[str, Any]], findings: Findings) -> dict[str, dict[str, Any]]:
    """Figures by strategy with ``intervals``, ``robustness``, ``stress`` and ``attribution``, empty where unknown.

    ``stress`` has the figures by scenario, ``attribution`` profit and trades by way of parting and group; None where
    a figure is not defined.
    """
    return {
        name: {
            **own,
            "intervals": findings.intervals.get(name, {}),
            "robustness": findings.robustness.get(name, {}),
            "stress": _by(_own(findings.stress, name), ("scenario",), _STRESSED),
            "attribution": _by(_own(findings.attribution, name), ("by", "group"), _PARTS),
        }
        for name, own in scores.items()
    }


def _own(frame: pd.DataFrame, strategy: str) -> pd.DataFrame:
    return frame[frame["strategy"] == strategy] if len(frame) else frame


def _by(frame: pd.DataFrame, keys: tuple[str, ...], figures: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for row in frame.to_dict("records"):
        place = found
        for key in keys:
            place = place.setdefault(str(row[key]), {})
        place.update({figure: finite(row[figure]) for figure in figures if figure in row})
    return found
