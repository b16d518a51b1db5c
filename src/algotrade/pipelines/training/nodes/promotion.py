"""What becomes of the gate's decision: every candidate registered, and the champion replaced or kept."""

import hashlib
import json
import logging
from typing import Any

from algotrade.pipelines.parameters import TrainingParameters
from algotrade.pipelines.training.nodes.cards import page_of
from algotrade.tracking import Candidate

logger = logging.getLogger(__name__)


def enlist(
    candidates: dict[str, Candidate],
    cards: dict[str, str],
    ranking: list[str],
    decision: dict[str, Any],
    parameters: dict[str, Any],
) -> dict[str, Any]:
    """What to register: every candidate with its card, and what was decided about the best of them."""
    settings = TrainingParameters.parse(parameters).model_dump(mode="json")
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
    reigns = (decision["champion"] or {}).get("version")
    manifests = {name: candidates[name].bundle.manifest for name in ranking}
    versions = [manifest.version for manifest in manifests.values()]
    return {
        "candidates": manifests,
        "cards": {name: cards[page_of(manifest)] for name, manifest in manifests.items()},
        "tags": {"parameters_digest": digest},
        "decision": decision,
        "challenger": next((version for version in versions if version != reigns), None),
    }


def promote(decision: dict[str, Any], registered: dict[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The decision to carry out, once every candidate is registered, and to keep."""
    logger.info("registered are %s", ", ".join(f"{alias} {version}" for alias, version in registered.items()) or "none")
    return decision, decision
