"""What every frame of a run was made of, carried along with it and kept in its file.

A frame has ``attrs["lineage"]``: ``data_digest``, of the candles behind it, and, once features have gone into it,
``feature_fingerprint`` and ``parameters``, those of feature engineering. pandas writes the attributes into Parquet and
reads them again, so a frame tells where it comes from without the run that made it.
"""

import logging
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
from kedro.framework.hooks import hook_impl
from kedro.pipeline.node import Node

logger = logging.getLogger("algotrade.run")

LINEAGE = "lineage"
Lineage = dict[str, Any]


class LineageHooks:
    """Gives what a step makes the lineage of what it was made from.

    The universe tells the digest of the candles, the feature specification fingerprint and parameters; frames tell
    their own, in this run or read from a file of an earlier one; of everything else the run remembers it.
    """

    def __init__(self) -> None:
        self._known: dict[str, Lineage] = {}

    @hook_impl
    def before_pipeline_run(self) -> None:
        """Forget the run before."""
        self._known = {}

    @hook_impl
    def after_node_run(self, node: Node, inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> None:
        """Remember what the outputs of a step were made of."""
        sources = [*inputs.items(), *((name, data) for name, data in outputs.items() if name in _TOLD_BY)]
        lineage = _joined(node.name, [(name, self._of(name, data)) for name, data in sources])
        self._known.update(dict.fromkeys(outputs, lineage))

    @hook_impl
    def before_dataset_saved(self, dataset_name: str, data: Any) -> None:
        """Stamp every frame that a step made, also each piece of one that is made in pieces."""
        lineage = self._known.get(dataset_name)
        if isinstance(data, pd.DataFrame) and lineage:
            data.attrs[LINEAGE] = {**data.attrs.get(LINEAGE, {}), **lineage}

    def _of(self, name: str, data: Any) -> Lineage:
        if name in _TOLD_BY:
            return {key: data[field] for key, field in _TOLD_BY[name].items() if data.get(field) is not None}
        if isinstance(data, pd.DataFrame):
            own = data.attrs.get(LINEAGE, {})
            return {key: own[key] for key in _KEYS if key in own}
        return self._known.get(name, {})


_TOLD_BY = {
    "universe": {"data_digest": "data_digest"},
    "feature_spec": {"feature_fingerprint": "fingerprint", "parameters": "parameters"},
}
_KEYS = tuple(key for fields in _TOLD_BY.values() for key in fields)


def _joined(step: str, sources: Iterable[tuple[str, Lineage]]) -> Lineage:
    """What the sources say together; where two of them differ, the first one named counts and the log says so."""
    joined: Lineage = {}
    said_by: dict[str, str] = {}
    for name, lineage in sources:
        for key, value in lineage.items():
            if key in joined and joined[key] != value:
                logger.warning(
                    "%s: %s and %s were not made of the same (%s %s and %s). Run the pipelines again from ingestion.",
                    *(step, said_by[key], name, key, joined[key], value),
                )
            if key not in joined:
                joined[key], said_by[key] = value, name
    return joined
