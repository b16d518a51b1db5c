"""The registered models and the one that reigns: MLflow's registry, the served folder, and the book of decisions.

Nothing else talks to the registry. ::

    06_models/
      candidates/NAME                   bundles of the latest run, with NAME.evidence.parquet beside them
      champions/VERSION                 bundles that reign or reigned, with VERSION.evidence.parquet beside them
      champion -> champions/VERSION     the one that is served: switched in one step
      decision.json                     what the gate decided last
      decisions.jsonl                   every decision, by the gate or by hand; lines are only ever added
"""

from algotrade.tracking.champion import EVIDENCE_SUFFIX, Candidate, ChampionFolder, Reign
from algotrade.tracking.history import DecisionHistory, Record
from algotrade.tracking.promotion import Championship
from algotrade.tracking.registry import MODEL_NAME, ModelRegistry, RegisteredVersion, Registration

__all__ = [
    "EVIDENCE_SUFFIX",
    "MODEL_NAME",
    "Candidate",
    "ChampionFolder",
    "Championship",
    "DecisionHistory",
    "ModelRegistry",
    "Record",
    "RegisteredVersion",
    "Registration",
    "Reign",
]
