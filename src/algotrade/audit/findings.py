"""What an audit found: which plug-in breaks which law, shown by which probes, and by how much."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import pandas as pd

Subject = Literal["feature", "stored feature", "labels", "folds", "strategy", "chain"]
Severity = Literal["leak", "fault", "suspicious", "note"]
_SUBJECTS: tuple[Subject, ...] = get_args(Subject)
_SEVERITIES: tuple[Severity, ...] = get_args(Severity)

LAWS: Mapping[str, tuple[Severity, str]] = {
    "look_ahead": ("leak", "A value up to a row depends on rows up to it, and on nothing later."),
    "known_at": ("leak", "A label is known when it says: nothing that becomes known later changes it."),
    "fold_edge": ("leak", "A fold learns from what was known before the span that it is judged on."),
    "label_in_inputs": ("suspicious", "No feature is as close to the label as only the label itself can be."),
    "memory": ("fault", "The declared lookback gives the value that all history gives."),
    "latest": ("fault", "The newest vector that is served is the last row of the matrix that is trained on."),
    "determinism": ("fault", "Computed again, alone or among others, a value is the same."),
    "input": ("fault", "What is computed on stays as it was."),
    "known_late": ("note", "A label is known no earlier than it says."),
    "label_overlap": ("note", "A label begins after its row: what it tells was not known when it is to be forecast."),
    "unlabelled": ("note", "A row has a forecast whether or not its label will ever be known."),
    "silent": ("note", "There was something to probe."),
}
"""Severity and wording of every law that a finding can break."""

FINDING_COLUMNS = (
    "subject",
    "name",
    "law",
    "severity",
    "probes",
    "change",
    "rows",
    "share",
    "reach",
    "detail",
)
"""Columns of the table of findings."""


@dataclass(frozen=True)
class Finding:
    """One plug-in breaks one law.

    Attributes
    ----------
    subject : {"feature", "stored feature", "labels", "folds", "strategy", "chain"}
    name : str
        As the registry, the frame or the chain calls it.
    law : str
        Among :data:`LAWS`.
    probes : tuple of str
        That showed it.
    change : float
        Largest change of a value that should have stayed, in standard deviations of all its values;
        NaN where values only came or went.
    rows : int
        Values that should have stayed and changed, in the probe that changed most of them.
    share : float
        The same as a share of the values that should have stayed.
    reach : int
        Candles of the future that the value reaches at least; 0 where that has no meaning.
    detail : str
        In words: what else there is to know.
    """

    subject: Subject
    name: str
    law: str
    probes: tuple[str, ...] = ()
    change: float = math.nan
    rows: int = 0
    share: float = 0.0
    reach: int = 0
    detail: str = ""

    @property
    def severity(self) -> Severity:
        """How grave it is: ``leak`` and ``fault`` are proven, ``suspicious`` is not, a ``note`` is to be known."""
        return LAWS[self.law][0]

    @property
    def refused(self) -> bool:
        """Whether an audit fails for it: for everything but a note."""
        return self.severity != "note"

    def __str__(self) -> str:
        """One sentence, as in "feature smoothed: uses up to 10 candles of the future (...)"."""
        return f"{self.subject} {self.name}: {self.detail}{self._figures()}"

    def _figures(self) -> str:
        parts = []
        if self.rows:
            parts.append(f"{self.rows:,} values ({self.share:.2g} of them)".replace("(1 of them)", "(all of them)"))
        if math.isfinite(self.change):
            parts.append(f"by up to {self.change:.3g} standard deviations")
        shown = f"by {', '.join(self.probes)}" if self.probes else ""
        figures = "changes " + " ".join(parts) if parts else ""
        both = "; ".join(part for part in (figures, f"shown {shown}" if shown else "") if part)
        return f" ({both})" if both else ""


@dataclass(frozen=True)
class AuditReport:
    """Everything that an audit found, and what it looked at.

    Attributes
    ----------
    findings : tuple of Finding
        The gravest first.
    probed : mapping of str to int
        How many of what: ``features``, ``strategies``, ``labels``, ``stages`` of the chain, ``probes``.
    span : mapping
        ``symbols``, ``timeframe``, ``candles``, ``start``, ``end`` of what was probed.
    """

    findings: tuple[Finding, ...]
    probed: Mapping[str, int]
    span: Mapping[str, Any]

    @classmethod
    def of(cls, findings: Iterable[Finding], probed: Mapping[str, int], span: Mapping[str, Any]) -> "AuditReport":
        """Report with the gravest findings first, and before the chain what may be the cause of its own."""
        ranked = sorted(findings, key=lambda each: (_SEVERITIES.index(each.severity), _SUBJECTS.index(each.subject)))
        return cls(tuple(ranked), dict(probed), dict(span))

    @property
    def refused(self) -> tuple[Finding, ...]:
        """The findings for which the audit fails."""
        return tuple(finding for finding in self.findings if finding.refused)

    @property
    def notes(self) -> tuple[Finding, ...]:
        """The findings that are only to be known."""
        return tuple(finding for finding in self.findings if not finding.refused)

    def to_frame(self) -> pd.DataFrame:
        """One row a finding, with the columns :data:`FINDING_COLUMNS`."""
        rows = [
            {**asdict(finding), "probes": ", ".join(finding.probes), "severity": finding.severity}
            for finding in self.findings
        ]
        frame = pd.DataFrame(rows, columns=list(FINDING_COLUMNS))
        numbers = {"change": "float64", "rows": "int64", "share": "float64", "reach": "int64"}
        texts = dict.fromkeys(set(FINDING_COLUMNS) - set(numbers), "str")
        return frame.astype({**numbers, **texts})

    def to_json(self) -> dict[str, Any]:
        """What ``audit.json`` holds; a change that has no number is null."""
        records = self.to_frame().to_dict(orient="records")
        for record in records:
            record["change"] = record["change"] if math.isfinite(record["change"]) else None
        return {
            "passed": not self.refused,
            "probed": dict(self.probed),
            "span": dict(self.span),
            "findings": records,
        }
