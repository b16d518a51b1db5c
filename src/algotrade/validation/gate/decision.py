"""The decision: who reigns from now on, and why, in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

from algotrade.models.manifest import Manifest
from algotrade.validation.gate.checks import Check
from algotrade.validation.gate.comparison import Comparison

Outcome = Literal["promoted", "kept", "by hand", "no champion"]
"""``promoted``: the challenger reigns. ``kept``: the champion stays. ``by hand``: all else is passed, but there is too
little to compare with the champion, which stays until somebody decides. ``no champion``: there was none, and the
challenger does not become one."""


@dataclass(frozen=True)
class Contender:
    """A packaged model as the decision names it.

    Attributes
    ----------
    name, version : str
        Of the model and of its bundle.
    feature_fingerprint, data_digest, git_commit : str
        What it was made of.
    exchange, timeframe : str
    symbols : tuple of str
    horizon : int
    training_start, training_end : str
        Open time of its first and last training sample.
    libraries : dict of str to str
    """

    name: str
    version: str
    feature_fingerprint: str
    data_digest: str
    git_commit: str
    exchange: str
    timeframe: str
    symbols: tuple[str, ...]
    horizon: int
    training_start: str
    training_end: str
    libraries: dict[str, str]

    @classmethod
    def of(cls, manifest: Manifest) -> Self:
        """Contender of a bundle."""
        shared = set(cls.__dataclass_fields__) & set(Manifest.model_fields)
        told = {name: getattr(manifest, name) for name in shared - {"training_start", "training_end"}}
        span = {name: getattr(manifest, name).isoformat() for name in ("training_start", "training_end")}
        return cls(name=manifest.model, **told, **span)

    @property
    def title(self) -> str:
        """Name and version."""
        return f"{self.name} {self.version}"


@dataclass(frozen=True)
class Decision:
    """What the gate found and decided.

    Attributes
    ----------
    outcome : {"promoted", "kept", "by hand", "no champion"}
    passed : bool
        Whether the challenger beats every rival and passes every check; True, too, for the champion itself.
    sentence : str
    reasons : tuple of str
        Why it was not promoted, one for each rival not beaten and each check failed.
    challenger : Contender
    champion_before : Contender or None
    comparisons : tuple of Comparison
    checks : tuple of Check
        Those of the comparisons first.
    """

    outcome: Outcome
    passed: bool
    sentence: str
    reasons: tuple[str, ...]
    challenger: Contender
    champion_before: Contender | None
    comparisons: tuple[Comparison, ...]
    checks: tuple[Check, ...]

    @property
    def champion(self) -> Contender | None:
        """Who reigns after it."""
        return self.challenger if self.outcome == "promoted" else self.champion_before

    def to_json(self) -> dict[str, Any]:
        """Everything, as JSON has it."""
        people = (("challenger", self.challenger), ("champion_before", self.champion_before))
        return {
            "outcome": self.outcome,
            "passed": self.passed,
            "sentence": self.sentence,
            "reasons": list(self.reasons),
            **{role: _as_mapping(who) for role, who in people},
            "champion": _as_mapping(self.champion),
            "comparisons": [comparison.to_json() for comparison in self.comparisons],
            "checks": [check.to_json() for check in self.checks],
        }


def decide(
    challenger: Contender,
    champion: Contender | None,
    baselines: Sequence[Comparison],
    rivalry: Comparison | None,
    checks: Sequence[Check],
) -> Decision:
    """Promote the challenger only if it beats everybody and passes everything; a tie keeps the champion.

    All rivals have to be beaten, each at its full level: the claim that one of them is not is rejected only if every
    single test rejects it, so that their number needs no correction (the intersection-union test of Berger).

    Parameters
    ----------
    challenger : Contender
        The best candidate of a run.
    champion : Contender or None
        The one that reigns.
    baselines : sequence of Comparison
        One for each baseline.
    rivalry : Comparison or None
        With the champion, where there is one.
    checks : sequence of Check

    References
    ----------
    .. [1] Berger, R. (1982). Multiparameter hypothesis testing and acceptance sampling. Technometrics 24.
    """
    same = champion is not None and champion.version == challenger.version
    rivals = [*baselines, *([rivalry] if rivalry is not None and not same else [])]
    everything = (*(beats_check(comparison) for comparison in rivals), *checks)
    failed = [check for check in everything if not check.passed]
    incomparable = not all(comparison.possible for comparison in rivals if comparison.role == "champion")
    outcome = _outcome(champion, same=same, failed=len(failed) > incomparable, incomparable=incomparable)
    return Decision(
        outcome=outcome,
        passed=same or not failed,
        sentence=_sentence(outcome, challenger, champion, failed),
        reasons=() if same else tuple(f"{check.name}: {check.reason} ({check.found})" for check in failed),
        challenger=challenger,
        champion_before=champion,
        comparisons=tuple(rivals),
        checks=everything,
    )


def beats_check(comparison: Comparison) -> Check:
    """Whether a rival was beaten, as one of the checks."""
    rival = comparison.rival if comparison.role == "baseline" else "the champion"
    required = f"p ≤ {comparison.level:.4f}"
    if not comparison.possible:
        return Check(f"beats {rival}", False, f"{comparison.rows} candles in common", required, comparison.reason)
    saved = f"{comparison.improvement:+.5f} log loss ({comparison.low:+.5f} to {comparison.high:+.5f})"
    p_value = "p < 0.0001" if comparison.p_value < 0.0001 else f"p {comparison.p_value:.4f}"
    where = f"{comparison.rows} candles in {comparison.blocks} blocks"
    reason = f"better than {rival} by more than noise"
    if not comparison.beaten:
        worse = comparison.improvement <= 0
        reason = f"not better than {rival}" if worse else f"better than {rival}, but not by more than noise would bring"
    return Check(f"beats {rival}", comparison.beaten, f"{saved}, {p_value}, {where}", required, reason)


def _outcome(champion: Contender | None, *, same: bool, failed: bool, incomparable: bool) -> Outcome:
    if same:
        return "kept"
    if not failed:
        return "by hand" if incomparable else "promoted"
    return "no champion" if champion is None else "kept"


def _sentence(outcome: Outcome, challenger: Contender, champion: Contender | None, failed: Sequence[Check]) -> str:
    why = "; ".join(check.reason for check in failed)
    if champion is not None and champion.version == challenger.version:
        return f"Nothing to decide: the best candidate, {challenger.title}, is the champion."
    if outcome == "promoted":
        beaten = "every baseline" if champion is None else f"every baseline and the champion {champion.title}"
        return f"{challenger.title} is the champion: it beats {beaten} by more than noise and passes every check."
    if outcome == "no champion":
        return f"There is no champion: the best candidate, {challenger.title}, did not pass the gate ({why})."
    assert champion is not None
    if outcome == "by hand":
        return (
            f"{champion.title} stays the champion until somebody decides: {challenger.title} beats every baseline and "
            f"passes every check, but there is too little to compare the two on ({why}). "
            f"`algotrade models promote {challenger.version} --reason TEXT` makes it the champion."
        )
    return f"{champion.title} stays the champion: {challenger.title} did not pass the gate ({why})."


def _as_mapping(who: Contender | None) -> dict[str, Any] | None:
    return None if who is None else {**vars(who), "symbols": list(who.symbols)}
