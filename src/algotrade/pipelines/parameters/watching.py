"""Parameters of what keeps watch: the audit, drift, retraining."""

from typing import Any

from pydantic import Field

from algotrade.audit.probes import PROBES, ProbeName, ProbeSettings
from algotrade.models.base import build_model
from algotrade.monitoring.drift import DriftSettings
from algotrade.pipelines.parameters.base import Parameters


class AuditParameters(Parameters):
    """What the audit looks at, and how hard.

    Attributes
    ----------
    candles, symbols : int
        Of the slice that is probed: the newest candles beyond what the features look back.
    probes : tuple of str
        What becomes of the future.
    moments, chain_moments : int
        After which it is changed, for parts and for the whole chain.
    seed : int
    chain : bool
        Whether the whole chain is probed, too.
    folds : int
        Of that chain.
    model : str
        Of that chain, with ``model_settings`` on top of its configured ones.
    """

    section = "audit"
    candles: int = Field(default=1_000, ge=100)
    symbols: int = Field(default=4, ge=1)
    probes: tuple[ProbeName, ...] = Field(default=PROBES, min_length=1)
    moments: int = Field(default=6, ge=1)
    seed: int = Field(default=7, ge=0)
    chain: bool = True
    chain_moments: int = Field(default=2, ge=1)
    folds: int = Field(default=2, ge=1)
    model: str = "lightgbm"
    model_settings: dict[str, Any] = Field(default_factory=dict)

    def model_post_init(self, _: Any) -> None:
        """Refuse an unknown model and unknown settings at once."""
        build_model(self.model, self.model_settings)

    @property
    def probing(self) -> ProbeSettings:
        """Settings of the probes of features, labels and strategies."""
        return ProbeSettings(self.probes, self.moments, self.seed)


class DriftParameters(Parameters):
    """What the newest features are compared with, and how sure an alarm has to be; see :class:`DriftSettings`."""

    section = "drift"
    current_candles: int = DriftSettings.current_candles
    level: float = DriftSettings.level
    draws: int = DriftSettings.draws
    embargo: int = DriftSettings.embargo
    bins: int = DriftSettings.bins
    pairs: int = DriftSettings.pairs
    reference_rows: int = DriftSettings.reference_rows
    sample_rows: int = DriftSettings.sample_rows

    def model_post_init(self, _: Any) -> None:
        """Refuse values out of range at once."""
        self.settings  # noqa: B018 - building them checks them

    @property
    def settings(self) -> DriftSettings:
        """The same as the statistics take them."""
        return DriftSettings(**self.model_dump())


class RetrainingParameters(Parameters):
    """When to train again.

    Attributes
    ----------
    max_age : int or None
        Candles after those that the champion learned from until it counts as too old; None switches that off.
    rest : int
        Candles that have to pass after a training, whatever became of its models, until the next one.
    drift : bool
        Whether features that have drifted ask for a training; how sure that has to be is in the section ``drift``.
    performance : bool
        Whether forecasts that got worse do.
    level : float
        How often forecasts that are as good as ever may be called worse, at each check.
    """

    section = "retraining"
    max_age: int | None = Field(default=720, ge=1)
    rest: int = Field(default=168, ge=0)
    drift: bool = True
    performance: bool = True
    level: float = Field(default=0.01, gt=0, lt=0.5)
