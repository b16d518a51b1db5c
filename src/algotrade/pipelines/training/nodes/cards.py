"""A page about each candidate."""

from dataclasses import replace
from typing import Any

import pandas as pd

from algotrade.models.manifest import Manifest
from algotrade.pipelines.parameters import BASELINES
from algotrade.pipelines.training.nodes.artefacts import families_of
from algotrade.reporting.model_card import CardFacts, model_card
from algotrade.tracking import Candidate


def write_cards(
    candidates: dict[str, Candidate],
    scores: dict[str, Any],
    explanation: pd.DataFrame,
    importance: pd.DataFrame,
    decision: dict[str, Any],
    spec: dict[str, Any],
    universe: dict[str, Any],
) -> dict[str, str]:
    """Model card of each candidate, by the name of its page, with what the gate said of it."""
    shared = CardFacts(
        scores=scores,
        baselines=BASELINES,
        families=families_of(spec),
        explanation=explanation,
        importance=importance,
        decision=decision,
        universe=universe,
    )
    bundles = [candidate.bundle for candidate in candidates.values()]
    return {
        page_of(bundle.manifest): model_card(bundle.manifest, replace(shared, preparation=bundle.preparation))
        for bundle in bundles
    }


def page_of(manifest: Manifest) -> str:
    """Name of the page about a version."""
    return f"{manifest.model}-{manifest.version}"
