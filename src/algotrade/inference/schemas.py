"""What the service accepts and answers, as strict types; OpenAPI is printed from them."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, StringConstraints, Tag, model_validator

from algotrade.models.manifest import Manifest

SymbolName = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9/_:.-]*$", max_length=40), Field(examples=["BTC/USDT"])
]
Number = Annotated[float, Field(allow_inf_nan=False)]
NamedRow = dict[str, Number]
Window = Annotated[list[list[Number]], Field(min_length=1, max_length=4096)]

MOST_SYMBOLS = 1000


def _shape_of(features: Any) -> str:
    return "matrix" if isinstance(features, list) else "named"


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class PredictRequest(_Document):
    """Whose forward return to predict: one of the three fields, or none for every symbol of the model.

    Attributes
    ----------
    symbol : str, optional
        One instrument, as ``BTC/USDT`` or ``BTCUSDT``; its newest online features are used.
    symbols : list of str, optional
        Several; one named twice is answered once.
    features : object or list of lists of numbers, optional
        Features of the client's own: a number for every feature name where the model looks at one
        candle, or a matrix of ``history`` rows (oldest first) in the order of the model's features.
        Only finite numbers.
    """

    symbol: SymbolName | None = None
    symbols: Annotated[list[SymbolName], Field(min_length=1, max_length=MOST_SYMBOLS)] | None = None
    features: (
        Annotated[Annotated[NamedRow, Tag("named")] | Annotated[Window, Tag("matrix")], Discriminator(_shape_of)] | None
    ) = None

    @model_validator(mode="after")
    def _one_question(self) -> "PredictRequest":
        empty = sorted(name for name in self.model_fields_set if getattr(self, name) is None)
        if empty:
            raise ValueError(f"{empty[0]} is null; leave it out or give it a value")
        if len(self.model_fields_set) > 1:
            raise ValueError(f"one of symbol, symbols and features, not {' and '.join(sorted(self.model_fields_set))}")
        return self


class Prediction(BaseModel):
    """What the model expects of the next ``horizon`` candles of one instrument.

    Attributes
    ----------
    symbol : str or null
        Null where the request brought its own features, and so are the times.
    probability : float in [0, 1]
        That the forward return is positive.
    expected_return : float
        Expected log return from the open of the next candle, ``horizon`` candles on.
    signal : "long" or "flat"
    candle_open_time, candle_close_time : datetime or null
        The newest candle that the prediction knows.
    staleness_seconds : float or null
        How long ago that candle closed.
    """

    model_config = ConfigDict(frozen=True)

    symbol: str | None
    probability: float
    expected_return: float
    signal: Literal["long", "flat"]
    candle_open_time: datetime | None = None
    candle_close_time: datetime | None = None
    staleness_seconds: float | None = None


class ModelName(BaseModel):
    """Which model answered."""

    model_config = ConfigDict(frozen=True)

    name: str
    version: str
    feature_fingerprint: str


class PredictResponse(BaseModel):
    """The predictions, in the order asked, and the model that made them."""

    predictions: tuple[Prediction, ...]
    model: ModelName


class ModelDescription(ModelName):
    """What a client needs to know to ask the model."""

    timeframe: str
    symbols: tuple[str, ...]
    horizon: int
    history: int
    feature_names: tuple[str, ...]

    @classmethod
    def of(cls, manifest: Manifest) -> Self:
        """Description of the model that a manifest belongs to."""
        return cls(
            name=manifest.model,
            version=manifest.version,
            feature_fingerprint=manifest.feature_fingerprint,
            timeframe=manifest.timeframe,
            symbols=manifest.symbols,
            horizon=manifest.horizon,
            history=manifest.history,
            feature_names=manifest.feature_names,
        )


class ModelsResponse(BaseModel):
    """The models that are served."""

    models: tuple[ModelDescription, ...]


class Check(BaseModel):
    """One thing that the service depends on: whether it works, and what it looks like."""

    model_config = ConfigDict(frozen=True)

    name: Literal["model", "online_store", "online_features", "freshness"]
    ok: bool
    detail: str


class FeatureSets(BaseModel):
    """Fingerprint of the feature set that the model was trained on, and of the one whose vectors are online.

    Null where none are. Unless the two are the same, predictions by symbol are refused.
    """

    model_config = ConfigDict(frozen=True)

    expected: str
    online: str | None


class Health(BaseModel):
    """Whether the service answers, and how well.

    Attributes
    ----------
    status : "ok" or "degraded"
    live : bool
        The process answers; always true in an answer.
    ready : bool
        Predictions by symbol are possible. Predictions from features in the request always are.
    degraded : tuple of str
        The checks that failed; ``freshness`` alone leaves the service ready, with old features.
    checks : tuple of Check
    feature_fingerprint : FeatureSets
    """

    status: Literal["ok", "degraded"]
    live: bool
    ready: bool
    degraded: tuple[str, ...]
    checks: tuple[Check, ...]
    feature_fingerprint: FeatureSets
