"""Whether to train again, and why: a pure function of what is known, and the same words for the same facts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from algotrade.data.provenance import RunRecord
from algotrade.domain.timeframe import Timeframe
from algotrade.models.manifest import Manifest
from algotrade.pipelines.parameters import RetrainingParameters

Trigger = Literal["champion", "features", "schedule", "drift", "performance"]
Verdict = Literal["train", "nothing new", "not needed", "not yet"]


@dataclass(frozen=True)
class Finding:
    """What one trigger has to say.

    Attributes
    ----------
    trigger : str
    fired : bool
        Whether it asks for a training.
    reason : str
        Why, or why not.
    """

    trigger: Trigger
    fired: bool
    reason: str


@dataclass(frozen=True)
class Present:
    """What there is to learn from now.

    Attributes
    ----------
    data_digest, feature_fingerprint : str
    exchange : str
    timeframe : Timeframe
    newest : Timestamp
        Open time of the newest candle.
    training : dict
        Parameters of the training.
    """

    data_digest: str
    feature_fingerprint: str
    exchange: str
    timeframe: Timeframe
    newest: pd.Timestamp
    training: dict[str, Any]

    def candles_since(self, time: Any) -> int:
        """Candles from an open time to the newest one."""
        return int((self.newest - pd.Timestamp(time)) / pd.Timedelta(self.timeframe.milliseconds, unit="ms"))


@dataclass(frozen=True)
class Plan:
    """What to do, and every reason for it.

    Attributes
    ----------
    verdict : {"train", "nothing new", "not needed", "not yet"}
    sentence : str
    findings : tuple of Finding
    """

    verdict: Verdict
    sentence: str
    findings: tuple[Finding, ...]

    def to_json(self) -> dict[str, Any]:
        """The plan as JSON's own types."""
        return {
            "verdict": self.verdict,
            "train": self.verdict == "train",
            "sentence": self.sentence,
            "triggers": [dict(vars(finding)) for finding in self.findings],
        }


def champion_findings(champion: Manifest | None, present: Present, settings: RetrainingParameters) -> list[Finding]:
    """Whether there is a champion, whether it reads what is computed, and how old its knowledge is."""
    if champion is None:
        return [Finding("champion", True, "there is no champion")]
    found = [Finding("champion", False, f"{champion.model} {champion.version} is the champion")]
    return [*found, _features(champion, present), _schedule(champion, present, settings.max_age)]


def make_plan(
    findings: Sequence[Finding], present: Present, last: RunRecord | None, settings: RetrainingParameters
) -> Plan:
    """Train where a trigger asks for it, unless that was just done.

    Parameters
    ----------
    findings : sequence of Finding
    present : Present
    last : RunRecord or None
        Of the last training, whatever became of its models.
    settings : RetrainingParameters
    """
    asking = [finding.reason for finding in findings if finding.fired]
    because = "; ".join(asking)
    if last is not None and _learned(last, present):
        return Plan(
            "nothing new",
            f"Nothing to do: the last training was on these very candles ({present.data_digest[:12]}), with the same "
            "features and parameters.",
            tuple(findings),
        )
    if not asking:
        told = "; ".join(finding.reason for finding in findings)
        return Plan("not needed", f"No training is needed: {told}.", tuple(findings))
    age = _rested(last, present)
    if age is not None and age < settings.rest:
        return Plan(
            "not yet",
            f"Not yet: {because}, but the last training was {age} candles ago and {settings.rest} have to pass "
            "(retraining.rest).",
            tuple(findings),
        )
    return Plan("train", f"Training: {because}.", tuple(findings))


def _features(champion: Manifest, present: Present) -> Finding:
    market = present.exchange, present.timeframe.name
    if (champion.exchange, champion.timeframe) != market:
        own = f"{champion.exchange} {champion.timeframe}"
        return Finding("features", True, f"the champion is of another market ({own}, not {' '.join(market)})")
    if champion.feature_fingerprint != present.feature_fingerprint:
        return Finding("features", True, "the champion reads other features than are computed now")
    return Finding("features", False, "the champion reads the features that are computed now")


def _schedule(champion: Manifest, present: Present, max_age: int | None) -> Finding:
    # The label of its last row was known a horizon after the candle that follows it.
    age = max(present.candles_since(champion.training_end) - champion.horizon - 1, 0)
    since = f"{age} candles have come since those that the champion learned from"
    if max_age is None:
        return Finding("schedule", False, f"{since}, and there is no schedule")
    if age < max_age:
        return Finding("schedule", False, f"{since}, and {max_age} are accepted")
    return Finding("schedule", True, f"{since}, and only {max_age} are accepted")


def _learned(last: RunRecord, present: Present) -> bool:
    """Whether the last training saw the same candles as the same features, with the same parameters."""
    same_data = last.data.digest == present.data_digest and last.data.feature_fingerprint == present.feature_fingerprint
    return same_data and last.parameters.get("training") == present.training


def _rested(last: RunRecord | None, present: Present) -> int | None:
    """Candles since the last training, or None where there was none in this market."""
    if last is None or (last.data.exchange, last.data.timeframe) != (present.exchange, present.timeframe.name):
        return None
    return max(present.candles_since(last.data.newest), 0)
