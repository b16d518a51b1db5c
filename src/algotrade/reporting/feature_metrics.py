"""The features of a run as numbers: what the frame was like, what models saw of it, whether folds agreed."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pandas as pd

from algotrade.models.preparation import Preparation


def feature_metrics(
    hygiene: pd.DataFrame, stability: pd.DataFrame, agreement: Mapping[str, Any], preparation: Preparation
) -> dict[str, Any]:
    """Section ``features`` of ``metrics.json``.

    Parameters
    ----------
    hygiene : DataFrame
        ``feature_hygiene``: of the whole frame.
    stability : DataFrame
        ``feature_stability``: over the folds.
    agreement : mapping
        ``importance_agreement``: between the folds.
    preparation : Preparation
        That of the final fit.
    """
    dropped = Counter(each.reason for each in preparation.dropped)
    extractor = preparation.extractor
    return {
        "count": len(hygiene),
        "absent": int((hygiene["missing_share"] == 1.0).sum()),
        "constant": int(hygiene["constant"].sum()),
        "duplicates": int((hygiene["duplicate_of"] != "").sum()),
        "near_copies": int(((hygiene["cluster"] > 0) & (hygiene["representative"] != hygiene["feature"])).sum()),
        "clusters": int(hygiene["cluster"].max()) if len(hygiene) else 0,
        "scattered_rows": int(hygiene["scattered_rows"].max()) if len(hygiene) else 0,
        "kept": len(preparation.kept),
        "dropped": dict(sorted(dropped.items())),
        "factors": {
            "kind": extractor.name,
            "count": len(extractor.factor_names),
            "explained": extractor.explained,
        }
        if extractor is not None
        else None,
        "unstable": int(stability["unstable"].sum()),
        "rank_correlation": agreement["rank_correlation"],
        "kuncheva_index": agreement["kuncheva_index"],
    }
