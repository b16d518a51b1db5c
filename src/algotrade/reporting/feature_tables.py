"""The tiles and tables of the page's section on features as text."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from algotrade.models.preparation import Preparation
from algotrade.reporting import formats
from algotrade.reporting.data_tables import Tile
from algotrade.reporting.tables import Row, Table

_MOST_ROWS = 15
_LEADING = 4


def feature_tiles(metrics: Mapping[str, Any]) -> list[Tile]:
    """The features of a run in a few numbers; none if the metrics have no section on them."""
    known = metrics.get("features")
    if not known:
        return []
    dropped = ", ".join(f"{count} {reason}" for reason, count in known["dropped"].items())
    useless = known["constant"] + known["duplicates"]
    tiles = [
        Tile("Features", formats.count(known["count"]), f"{formats.count(known['kept'])} in the final fit"),
        Tile("Dropped", formats.count(sum(known["dropped"].values())), dropped or "none"),
        Tile(
            "Constant or twice",
            formats.count(useless),
            f"{known['constant']} constant ({known['absent']} never there), {known['duplicates']} twice",
            useless > 0,
        ),
        Tile("Near copies", formats.count(known["near_copies"]), f"in {known['clusters']} clusters"),
        Tile(
            "Rows lost to gaps",
            formats.count(known["scattered_rows"]),
            "by the feature with the most",
            known["scattered_rows"] > 0,
        ),
    ]
    if known["rank_correlation"] is not None:
        overlap = f"top features overlap {formats.ratio(known['kuncheva_index'])}, {known['unstable']} unstable"
        tiles.append(Tile("Agreement of folds", formats.ratio(known["rank_correlation"]), overlap))
    return tiles


def leading_features(stability: pd.DataFrame, shown: int = _MOST_ROWS) -> Table | None:
    """The features with the highest mean importance over the folds."""
    return _stability_table(stability.head(shown)) if len(stability) else None


def unstable_features(stability: pd.DataFrame, shown: int = _MOST_ROWS) -> Table | None:
    """Features that lead in some folds and not in most, the most important first."""
    if stability.empty:
        return None
    unstable = stability[stability["unstable"]]
    return _stability_table(unstable.head(shown)) if len(unstable) else None


def factors_table(preparation: Preparation | None) -> Table | None:
    """What each factor of the final fit is made of: the features that move it most."""
    if preparation is None or preparation.extractor is None:
        return None
    loadings = preparation.extractor.loadings()
    rows = []
    for name, column in zip(preparation.factor_names, loadings.T, strict=True):
        order = np.argsort(-np.abs(column), kind="stable")[:_LEADING]
        signs = ["-" if column[place] < 0 else "+" for place in order]
        leading = [f"{sign} {preparation.kept_names[place]}" for sign, place in zip(signs, order, strict=True)]
        rows.append(Row(name, (", ".join(leading),)))
    return Table(("Moved most by",), (("", tuple(rows)),))


def _stability_table(stability: pd.DataFrame) -> Table:
    rows = tuple(
        Row(
            str(record["feature"]),
            (
                str(record["family"]),
                formats.percent(record["importance"]),
                formats.percent(record["importance_std"]),
                formats.ratio(record["mean_rank"]),
                formats.percent(record["top_share"]),
                formats.percent(record["selected_share"]),
                formats.score(record["information_coefficient"]),
                formats.percent(record["sign_share"]),
            ),
        )
        for record in stability.to_dict(orient="records")
    )
    columns = ("Family", "Importance", "± folds", "Mean rank", "Folds in top", "Folds kept", "IC alone", "Same sign")
    return Table(columns, (("", rows),))
