"""A question to the model and its answer."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, StringConstraints, Tag, model_validator

SymbolName = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9/_:.-]*$", max_length=40), Field(examples=["BTC/USDT"])
]
VersionName = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=64), Field(examples=["93227df55ccf"])
]
TimeframeName = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,3}[smhdwM]$"), Field(examples=["1h"])]
Fingerprint = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$", max_length=64)]
Number = Annotated[float, Field(allow_inf_nan=False)]
FeatureName = Annotated[str, StringConstraints(max_length=200)]
NamedRow = Annotated[dict[FeatureName, Number], Field(max_length=4096)]
Row = Annotated[list[Number], Field(min_length=1, max_length=4096)]
Window = Annotated[list[Row], Field(min_length=1, max_length=4096)]
Signal = Literal["long", "flat"]

MOST_SYMBOLS = 1000
_QUESTIONS = ("symbol", "symbols", "features")


def _shape_of(features: Any) -> str:
    return "matrix" if isinstance(features, list) else "named"


def _without_null(schema: dict[str, Any]) -> None:
    """Say in OpenAPI what the validator says: a field may be left out, but not be null."""
    for field in schema.get("properties", {}).values():
        kinds = [kind for kind in field.get("anyOf", []) if kind.get("type") != "null"]
        field.pop("default", None)
        if len(kinds) == 1:
            del field["anyOf"]
            field.update(kinds[0])
    schema["not"] = {"anyOf": [{"required": list(pair)} for pair in _pairs(_QUESTIONS)]}


def _pairs(names: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(first, second) for place, first in enumerate(names) for second in names[place + 1 :]]


class PredictRequest(BaseModel):
    """Whose forward return to predict: a symbol, several, features of one's own, or every symbol of the model.

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
    timeframe : str, optional
        Of the candles that the answer has to be about; another one than the model's is refused.
    version : str, optional
        Of the model to ask; the champion by default.
    feature_fingerprint : str, optional
        Of the feature set that the request was built for; another one than the model's is refused.
    """

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        json_schema_extra=_without_null,
    )

    symbol: SymbolName | None = None
    symbols: Annotated[list[SymbolName], Field(min_length=1, max_length=MOST_SYMBOLS)] | None = None
    features: (
        Annotated[Annotated[NamedRow, Tag("named")] | Annotated[Window, Tag("matrix")], Discriminator(_shape_of)] | None
    ) = None
    timeframe: TimeframeName | None = None
    version: VersionName | None = None
    feature_fingerprint: Fingerprint | None = None

    @model_validator(mode="after")
    def _one_question(self) -> "PredictRequest":
        empty = sorted(name for name in self.model_fields_set if getattr(self, name) is None)
        if empty:
            raise ValueError(f"{empty[0]} is null; leave it out or give it a value")
        asked = sorted(self.model_fields_set & set(_QUESTIONS))
        if len(asked) > 1:
            raise ValueError(f"one of symbol, symbols and features, not {' and '.join(asked)}")
        return self


class Interval(BaseModel):
    """Where the log return will lie, as often as ``level`` says.

    Attributes
    ----------
    low, high : float
        Log returns.
    level : float in (0, 1)
        Share of the returns that lay inside, out of fold.
    """

    model_config = ConfigDict(frozen=True)

    low: float
    high: float
    level: float


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
    interval : Interval or null
        Around the expected return; null where the model was packaged without one.
    candle_open_time, candle_close_time : datetime or null
        The newest candle that the prediction knows.
    staleness_seconds : float or null
        How long ago that candle closed.
    degraded : bool
        The online store did not answer; the features are the last that were known, within their limit of age.
    """

    model_config = ConfigDict(frozen=True)

    symbol: str | None
    probability: Annotated[float, Field(ge=0, le=1)]
    expected_return: float
    signal: Signal
    interval: Interval | None = None
    candle_open_time: datetime | None = None
    candle_close_time: datetime | None = None
    staleness_seconds: float | None = None
    degraded: bool = False


class ModelName(BaseModel):
    """Which model answered."""

    model_config = ConfigDict(frozen=True)

    name: str
    version: str
    feature_fingerprint: str
    timeframe: str
    horizon: int


class PredictResponse(BaseModel):
    """The predictions, in the order asked, and the model that made them."""

    model_config = ConfigDict(frozen=True)

    predictions: tuple[Prediction, ...]
    model: ModelName

    def to_bytes(self) -> bytes:
        """The document as it is sent: whoever answers, the same prediction has the same bytes."""
        return self.model_dump_json().encode()
