"""What a model is, how good it was where it had not looked, and what it is not to be used for, on one page.

After Mitchell, M. et al. (2019), Model cards for model reporting. A pure function of what is known: what is not
known is said to be unknown, and never left out in silence.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from algotrade.domain.timeframe import Timeframe
from algotrade.models.manifest import Manifest
from algotrade.models.preparation import Preparation
from algotrade.reporting import formats
from algotrade.reporting.model_limits import known_limits

_SCORES = (
    ("auc", "AUC"),
    ("accuracy", "Accuracy"),
    ("balanced_accuracy", "Balanced accuracy"),
    ("log_loss", "Log loss (nats)"),
    ("brier", "Brier score"),
    ("information_coefficient", "Information coefficient"),
)
_MOST_IMPORTANT = 10
_KINDS = {
    "shap": "Mean size of what it adds to the log odds (Shapley values)",
    "permutation": "Log loss that is lost when it is shuffled",
}
UNKNOWN = "unknown"


@dataclass(frozen=True)
class CardFacts:
    """What a card tells besides the manifest; whatever is left out is said to be unknown.

    Attributes
    ----------
    scores : mapping
        Out-of-fold scores by model, baselines too.
    baselines : sequence of str
    preparation : Preparation, optional
        What the model sees of the features.
    families : mapping of str to str
        Family of each feature.
    explanation : DataFrame, optional
        What models lean on, on rows that they had not seen: ``model``, ``feature``, ``family``, ``kind``, ``value``,
        ``low``, ``high``, largest first.
    importance : DataFrame, optional
        ``feature``, ``family``, ``importance``, largest first; of the boosted trees of the run.
    decision : mapping
        Of the gate; empty where none has decided.
    universe : mapping
        What the run was about: source, planted signal, notes.
    """

    scores: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    baselines: Sequence[str] = ()
    preparation: Preparation | None = None
    families: Mapping[str, str] = field(default_factory=dict)
    explanation: pd.DataFrame | None = None
    importance: pd.DataFrame | None = None
    decision: Mapping[str, Any] = field(default_factory=dict)
    universe: Mapping[str, Any] = field(default_factory=dict)


def model_card(manifest: Manifest, facts: CardFacts) -> str:
    """Markdown page about one version of a model.

    Parameters
    ----------
    manifest : Manifest
        Of its bundle.
    facts : CardFacts
    """
    sections = (
        ("What it forecasts", _forecast(manifest)),
        ("The gate", _gate(manifest, facts.decision)),
        ("Data", _data(manifest, facts.universe)),
        ("Features", _features(manifest, facts)),
        ("Out-of-fold scores", _scores(manifest, facts)),
        ("Calibration", _calibration(facts.scores.get(manifest.model, {}))),
        ("Folds", _folds(manifest)),
        ("What it looks at most", _explanation(manifest.model, facts) or _importance(facts.importance)),
        ("Known limits", [f"* {limit}" for limit in known_limits(manifest, facts.scores, facts.universe)]),
        ("How to make it again", _repetition(manifest)),
    )
    head = [f"# {manifest.model} {manifest.version}", "", f"Packaged {formats.minute(manifest.created_time)}.", ""]
    body = [line for title, lines in sections for line in (f"## {title}", "", *lines, "")]
    return "\n".join([*head, *body]).rstrip() + "\n"


def _forecast(manifest: Manifest) -> list[str]:
    minutes = Timeframe(manifest.timeframe).milliseconds / 60_000 * manifest.horizon
    return _table(
        (
            ("Label", f"`{manifest.label}`"),
            ("Horizon", f"{manifest.horizon} candles of {manifest.timeframe} ({formats.age(60 * minutes)})"),
            ("Answers", "the probability that this log return is positive, and the log return that is expected"),
            ("Reads", f"{manifest.history} rows of {len(manifest.feature_names)} features"),
            ("Settings", ", ".join(f"`{key}={_plain(value)}`" for key, value in manifest.settings.items()) or "none"),
        )
    )


def _gate(manifest: Manifest, decision: Mapping[str, Any]) -> list[str]:
    if not decision:
        return ["No gate has decided about this run."]
    lines = [str(decision["sentence"])]
    if decision["challenger"]["version"] != manifest.version:
        return [*lines, "", f"The candidate that was judged was {decision['challenger']['name']}, not this model."]
    rows = [
        (check["name"], "yes" if check["passed"] else "**no**", check["found"], check["required"])
        for check in decision["checks"]
    ]
    return [*lines, "", *_table(rows, ("check", "passed", "found", "required"))]


def _data(manifest: Manifest, universe: Mapping[str, Any]) -> list[str]:
    planted = universe.get("planted_signal")
    source = str(universe.get("source", UNKNOWN)) + ("" if planted is None else f", planted signal {planted:g}")
    start, end = (formats.minute(time) for time in (manifest.training_start, manifest.training_end))
    rows = [
        ("Source", source),
        ("Exchange", manifest.exchange),
        ("Symbols", ", ".join(manifest.symbols)),
        ("Timeframe", manifest.timeframe),
        ("Training samples", f"{start} to {end}"),
        ("Digest of the candles", f"`{manifest.data_digest}`"),
    ]
    return [*_table(rows), "", *(f"* {note}" for note in universe.get("notes", ()))]


def _features(manifest: Manifest, facts: CardFacts) -> list[str]:
    rows = [
        ("Fingerprint", f"`{manifest.feature_fingerprint}`"),
        ("Computed", _by_family(manifest.feature_names, facts)),
    ]
    if facts.preparation is not None:
        rows.append(("Kept for the model", _by_family(facts.preparation.kept_names, facts)))
        rows.append(("Factors made of them", ", ".join(facts.preparation.factor_names) or "none"))
    rows.append(("Candles behind a row", str(manifest.lookback)))
    return _table(rows)


def _by_family(names: Sequence[str], facts: CardFacts) -> str:
    if not facts.families:
        return str(len(names))
    counted = Counter(facts.families.get(name, UNKNOWN) for name in names)
    return f"{len(names)}: {', '.join(f'{family} {count}' for family, count in sorted(counted.items()))}"


def _scores(manifest: Manifest, facts: CardFacts) -> list[str]:
    own = facts.scores.get(manifest.model)
    if own is None:
        return ["Unknown: no out-of-fold scores came with this card."]
    beside = [name for name in facts.baselines if name in facts.scores]
    rows = [
        (title, _with_interval(own, score), *(formats.score(facts.scores[name].get(score)) for name in beside))
        for score, title in _SCORES
    ]
    found = f"{formats.count(own.get('rows'))} rows in {formats.count(own.get('folds'))} folds"
    interval = "with 95 % intervals by block bootstrap over time" if own.get("intervals") else "without intervals"
    lines = [f"Of {found} that no fit had seen, {interval}; the baselines beside it.", ""]
    lines += _table(rows, ("score", manifest.model, *beside))
    t_value = formats.finite(own.get("information_coefficient_t"))
    return lines if t_value is None else [*lines, "", f"t-statistic of the information coefficient: {t_value:.2f}."]


def _with_interval(scores: Mapping[str, Any], name: str) -> str:
    interval = (scores.get("intervals") or {}).get(name) or {}
    low, high = (formats.finite(interval.get(end)) for end in ("low", "high"))
    value = formats.score(scores.get(name))
    return value if low is None or high is None else f"{value} [{low:.4f}, {high:.4f}]"


def _calibration(scores: Mapping[str, Any]) -> list[str]:
    found, coverage = scores.get("calibration") or {}, scores.get("coverage") or {}
    rows = [
        (title, _valued(found.get(name)))
        for name, title in (("error", "Expected calibration error"), ("slope", "Slope (1 is right, less is too sure)"))
        if found.get(name)
    ]
    rows += [("Returns inside the interval", _valued(coverage))] if coverage.get("value") is not None else []
    return _table(rows) if rows else ["Unknown: no calibration came with this card."]


def _valued(found: Mapping[Any, Any] | None) -> str:
    return _with_interval({"value": (found or {}).get("value"), "intervals": {"value": found or {}}}, "value")


def _folds(manifest: Manifest) -> list[str]:
    if not manifest.fold_scores:
        return ["Unknown: the bundle has no scores by fold."]
    rows = [
        (
            str(fold.get("fold", "")),
            f"{formats.day(fold.get('start'))} to {formats.day(fold.get('end'))}",
            formats.count(fold.get("rows")),
            *(formats.score(fold.get(score)) for score in ("auc", "log_loss", "information_coefficient")),
        )
        for fold in manifest.fold_scores
    ]
    return _table(rows, ("fold", "tested on", "rows", "AUC", "log loss", "IC"))


def _explanation(model: str, facts: CardFacts) -> list[str]:
    """What the model itself was found to lean on; nothing where that was not looked at."""
    if facts.explanation is None:
        return []
    own = facts.explanation[facts.explanation["model"] == model].head(_MOST_IMPORTANT).to_dict("records")
    if not own:
        return []
    meaning = _KINDS.get(str(own[0]["kind"]), str(own[0]["kind"]))
    rows = [(f"`{row['feature']}`", str(row["family"]), _valued(row)) for row in own]
    lines = [f"{meaning}, on rows that no fit had seen. It says nothing of cause.", ""]
    return [*lines, *_table(rows, ("feature", "family", "value"))]


def _importance(importance: pd.DataFrame | None) -> list[str]:
    if importance is None or importance.empty:
        return [UNKNOWN.capitalize() + "."]
    rows = [
        (f"`{row['feature']}`", str(row["family"]), formats.percent(row["importance"]))
        for row in importance.head(_MOST_IMPORTANT).to_dict("records")
        if row["importance"] > 0
    ]
    lines = ["Share in what the splits of the run's boosted trees gained; it says nothing of cause.", ""]
    return [*lines, *_table(rows, ("feature", "family", "share"))]


def _repetition(manifest: Manifest) -> list[str]:
    versions = ", ".join(f"{name} {version}" for name, version in sorted(manifest.libraries.items()))
    return [
        "`algotrade repeat RUN_ID` trains again from the run's record, `run_record.json`, and compares every file.",
        "",
        *_table((("Code", f"`{manifest.git_commit}`"), ("Libraries", versions))),
        "",
        *_table([(f"`{path}`", f"`{digest}`") for path, digest in manifest.files.items()], ("file", "SHA-256")),
    ]


def _plain(value: Any) -> str:
    """A setting in a few words: of what is nested, only numbers are shown."""
    if not isinstance(value, Mapping):
        return f"{value:.6g}" if isinstance(value, float) else str(value)
    return "+".join(f"{key}:{each:.4g}" if isinstance(each, int | float) else str(key) for key, each in value.items())


def _table(rows: Sequence[Sequence[str]], head: Sequence[str] = ()) -> list[str]:
    """A Markdown table; without a head its first row is empty."""
    columns = head or [""] * (len(rows[0]) if rows else 1)
    lines = [columns, ["---"] * len(columns), *rows]
    return [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines]
