"""An audit report in words."""

from collections.abc import Sequence

from algotrade.audit.findings import LAWS, AuditReport, Finding

_TITLES = {
    "leak": "Sees the future",
    "fault": "Breaks another law",
    "suspicious": "Suspicious",
    "note": "Notes",
}
_NAMED = 8


def verdict(report: AuditReport) -> str:
    """One line: what was probed, and what came of it.

    >>> verdict(AuditReport.of([], {"features": 147, "strategies": 4, "labels": 1}, {}))
    '147 features, 4 strategies, labels: nothing sees the future'
    """
    if not report.refused:
        return f"{_probed(report)}: nothing sees the future"
    leaks = [finding for finding in report.refused if finding.severity == "leak"]
    others = len(report.refused) - len(leaks)
    found = [f"{len(leaks)} see the future" if len(leaks) > 1 else "1 sees the future"] if leaks else []
    if others:
        found.append(
            f"{others} {'break' if others > 1 else 'breaks'} another law or {'are' if others > 1 else 'is'} suspicious"
        )
    return f"{_probed(report)}: {', '.join(found)}"


def refusal(report: AuditReport, where: str) -> str:
    """The message with which an audit fails: what sees the future, how far and by how much, and what to do."""
    named = [str(finding) for finding in report.refused[:_NAMED]]
    if len(report.refused) > _NAMED:
        named.append(f"and {len(report.refused) - _NAMED} more")
    lines = "".join(f"\n  - {line}" for line in named)
    return (
        f"The audit found what no result may depend on.{lines}\n"
        f"{where} has the whole list. Let what is computed for a row read that row and earlier ones alone, "
        "and run the audit again."
    )


def markdown(report: AuditReport) -> str:
    """The report as a page: the verdict, what was probed and how, and the findings, the gravest first."""
    span = report.span
    lines = [
        "# Look-ahead audit",
        "",
        f"**{verdict(report)}.**",
        "",
        f"Probed on {span['candles']:,} candles of {span['timeframe']} of {', '.join(span['symbols'])}, "
        f"{span['start']} to {span['end']}: the future after {report.probed['moments']} moments was changed by "
        f"{', '.join(span['probes'])}, and everything up to each moment had to stay the same to the last bit.",
    ]
    for severity, title in _TITLES.items():
        found = [finding for finding in report.findings if finding.severity == severity]
        if found:
            lines += ["", f"## {title}", "", *_table(found), "", *_laws(found)]
    return "\n".join(lines) + "\n"


def _probed(report: AuditReport) -> str:
    counts = {name: report.probed.get(name, 0) for name in ("features", "strategies")}
    parts = [f"{count} {name if count != 1 else _ONE[name]}" for name, count in counts.items() if count]
    return ", ".join([*parts, *(name for name in ("labels", "chain") if report.probed.get(name))])


_ONE = {"features": "feature", "strategies": "strategy"}


def _table(findings: Sequence[Finding]) -> list[str]:
    rows = [
        f"| {finding.subject} | `{finding.name}` | {finding.detail} | {', '.join(finding.probes)} | "
        f"{_number(finding.change)} | {finding.rows:,} | {finding.share:.2%} |"
        for finding in findings
    ]
    head = "| what | name | finding | shown by | largest change, sd | values changed | share |"
    return [head, "|---|---|---|---|---:|---:|---:|", *rows]


def _laws(findings: Sequence[Finding]) -> list[str]:
    return [f"* {LAWS[law][1]}" for law in dict.fromkeys(finding.law for finding in findings)]


def _number(change: float) -> str:
    return "" if change != change else f"{change:.3g}"  # noqa: PLR0124 - NaN
