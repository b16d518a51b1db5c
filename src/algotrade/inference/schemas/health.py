"""Whether the service answers, and how well."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

CheckName = Literal["model", "online_store", "online_features", "freshness", "promotion", "audit_log"]


class Check(BaseModel):
    """One thing that the service depends on: whether it works, and what it looks like.

    Attributes
    ----------
    name : str
    ok : bool
    detail : str
    needed : bool
        Predictions by symbol are not possible without it.
    """

    model_config = ConfigDict(frozen=True)

    name: CheckName
    ok: bool
    detail: str
    needed: bool = True


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
        The dependencies that failed; ``freshness`` alone leaves the service ready, with old features.
    dependencies : tuple of Check
    feature_fingerprint : FeatureSets
    access : "keys" or "loopback_only"
        Whether callers have to show a key or token; without any configured, only this machine is answered.
    """

    model_config = ConfigDict(frozen=True)

    status: Literal["ok", "degraded"]
    live: bool
    ready: bool
    degraded: tuple[str, ...]
    dependencies: tuple[Check, ...]
    feature_fingerprint: FeatureSets
    access: Literal["keys", "loopback_only"]
