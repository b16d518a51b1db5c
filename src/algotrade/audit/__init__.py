"""Audit: proof that what is computed for a moment depends on nothing that came after it.

A probe changes the future of a panel and demands that the past stays the same to the last bit. Nothing is assumed
about what is probed but that it can be called again.
"""

from algotrade.audit.chain import PROBES_OF_CHAIN, Chain, Stage, probe_chain
from algotrade.audit.features import probe_feature, probe_features
from algotrade.audit.findings import FINDING_COLUMNS, LAWS, AuditReport, Finding
from algotrade.audit.folds import probe_folds
from algotrade.audit.inputs import forward_targets, probe_inputs
from algotrade.audit.labels import probe_labels
from algotrade.audit.probes import PROBES, Probe, ProbeName, ProbeSettings, probed_rows, probes_of
from algotrade.audit.recipe import ChainRecipe
from algotrade.audit.slice import take_slice
from algotrade.audit.strategies import probe_strategy, random_view
from algotrade.audit.text import markdown, refusal, verdict

__all__ = [
    "FINDING_COLUMNS",
    "LAWS",
    "PROBES",
    "PROBES_OF_CHAIN",
    "AuditReport",
    "Chain",
    "ChainRecipe",
    "Finding",
    "Probe",
    "ProbeName",
    "ProbeSettings",
    "Stage",
    "forward_targets",
    "markdown",
    "probe_chain",
    "probe_feature",
    "probe_features",
    "probe_folds",
    "probe_inputs",
    "probe_labels",
    "probe_strategy",
    "probed_rows",
    "probes_of",
    "random_view",
    "refusal",
    "take_slice",
    "verdict",
]
