"""What a client can learn of the models."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from algotrade.inference.schemas.predict import ModelName

if TYPE_CHECKING:
    from algotrade.models.manifest import Manifest

Role = Literal["champion", "challenger", "former"]


class ModelDescription(ModelName):
    """What a client needs to know to ask a model."""

    symbols: tuple[str, ...]
    history: int
    feature_names: tuple[str, ...]

    @classmethod
    def of(cls, manifest: "Manifest") -> Self:
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


class ListedModel(ModelDescription):
    """A model that is there, and what it is there for.

    Attributes
    ----------
    role : {"champion", "challenger", "former"}
        The champion answers; a challenger is a candidate of the latest training; a former one has been champion.
    served : bool
        Whether it can be named as the ``version`` of a question.
    trained_until : datetime
        Open time of the last training sample.
    card : str
        Path of all that is known about it.
    """

    role: Role
    served: bool
    trained_until: datetime
    card: str


class ModelsResponse(BaseModel):
    """The champion first, then its challengers, then those that have been champion."""

    model_config = ConfigDict(frozen=True)

    models: tuple[ListedModel, ...]


class ModelDetail(ListedModel):
    """All that is known about a model.

    Attributes
    ----------
    exchange : str
    training_start : datetime
        Open time of the first training sample.
    created_time : datetime
    label : str
        What it forecasts.
    git_commit : str
    data_digest : str
        Of the candles that it was trained on.
    settings, libraries : object
    fold_scores : list of objects
        One a fold that the model had not seen.
    card_markdown : str or null
        The page that the training wrote about it; null where there is none.
    """

    exchange: str
    training_start: datetime
    created_time: datetime
    label: str
    git_commit: str
    data_digest: str
    settings: dict[str, Any] = Field(default_factory=dict)
    libraries: dict[str, str] = Field(default_factory=dict)
    fold_scores: tuple[dict[str, Any], ...] = ()
    card_markdown: str | None = None


class SwitchResponse(BaseModel):
    """Which version answered before, and which answers now.

    Attributes
    ----------
    before, after : str
        Versions.
    changed : bool
        Whether they differ.
    """

    model_config = ConfigDict(frozen=True)

    before: str
    after: str
    changed: bool
