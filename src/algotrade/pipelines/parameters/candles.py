"""Parameters of the candles and of the features made of them."""

from typing import Any

from pydantic import Field

from algotrade.data.consolidation.settings import ConsolidationSettings
from algotrade.data.quality.anomalies import AnomalySettings
from algotrade.domain.timeframe import Timeframe
from algotrade.features import FEATURES, FeatureSet
from algotrade.features.naming import feature_named
from algotrade.pipelines.parameters.base import Parameters


class IngestionParameters(Parameters):
    """How candles are accepted, and which ones the run is about.

    Attributes
    ----------
    require_enough_history : bool
        Refuse, before anything is stored, candles too few for the folds of the training.
    venue : str or None
        Of several exchanges, the one to trade on, or ``consolidated``, which is the default.
    consolidation, anomalies : settings
        When an exchange is left out of a consolidated candle, and which candles are worth a look.
    """

    section = "ingestion"
    require_enough_history: bool = True
    venue: str | None = None
    consolidation: ConsolidationSettings = ConsolidationSettings()
    anomalies: AnomalySettings = AnomalySettings()


class FeatureParameters(Parameters):
    """Which features are computed, and how many of the latest rows are served online.

    Attributes
    ----------
    names : tuple of str or None
        Features, as ``rsi_14`` or ``rsi_14@4h``; every one of the registry whose data the candles have by default.
    slower : tuple of str
        More of them, of slower timeframes, as ``rsi_14@4x``: on candles four times as long.
    online_rows : int
    """

    section = "feature_engineering"
    names: tuple[str, ...] | None = None
    slower: tuple[str, ...] = ()
    online_rows: int = Field(default=64, ge=1)

    def model_post_init(self, _: Any) -> None:
        """Refuse unknown features at once, before their candles are there."""
        for name in (*(self.names or ()), *self.slower):
            feature_named(name.partition("@")[0])

    def features(self, timeframe: Timeframe) -> FeatureSet:
        """The features on candles of a timeframe.

        Raises
        ------
        ConfigurationError
            If one is unknown, there twice, or of a timeframe that is not made of whole candles.
        """
        return FeatureSet.of((*(FEATURES if self.names is None else self.names), *self.slower), timeframe)
