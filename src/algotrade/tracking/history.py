"""The book of decisions: who reigned, since when and why. Lines are only ever added."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from algotrade.errors import ModelError

Kind = Literal["gate", "promote", "rollback"]


@dataclass(frozen=True)
class Record:
    """One decision.

    Attributes
    ----------
    time : str
        UTC, ISO 8601.
    kind : {"gate", "promote", "rollback"}
        Who decided: the gate, or somebody by a command.
    who : str
        User, or the run.
    reason : str
    before, after : str or None
        Version of the champion.
    details : dict
        Of the gate: all it found.
    """

    time: str
    kind: Kind
    who: str
    reason: str
    before: str | None
    after: str | None
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class DecisionHistory:
    """The decisions in a file, one line of JSON each.

    Attributes
    ----------
    path : Path
    """

    path: Path

    def append(self, record: Record) -> None:
        """Add a record, whole or not at all."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps(asdict(record)) + "\n"
        if self._is_torn():
            line = "\n" + line
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(descriptor, line.encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def records(self) -> list[Record]:
        """All of them, the oldest first; what a killed process left of a line does not count."""
        if not self.path.is_file():
            return []
        found = [_parsed(line) for line in self.path.read_text().splitlines()]
        return [record for record in found if record is not None]

    def reigns(self) -> list[str]:
        """Versions whose turn it is, the reigning one last: promoting adds one, rolling back takes one away."""
        stack: list[str] = []
        for record in self.records():
            if record.before == record.after:
                continue
            if record.before is not None and stack[-1:] != [record.before]:
                stack.append(record.before)
            if record.kind == "rollback":
                stack = stack[:-1]
            if record.after is not None and stack[-1:] != [record.after]:
                stack.append(record.after)
        return stack

    def champion_before(self, version: str | None) -> str:
        """Version that reigned before the present one.

        Raises
        ------
        ModelError
            If there was none.
        """
        reigns = self.reigns()
        if version is None or len(reigns) < 2 or reigns[-1] != version:
            raise ModelError(
                f"There is no champion to go back to: {self.path} tells of none before {version or 'the first one'}. "
                "`algotrade models promote VERSION` makes another version the champion."
            )
        return reigns[-2]

    def _is_torn(self) -> bool:
        if not self.path.is_file() or not self.path.stat().st_size:
            return False
        with self.path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) != b"\n"


def _parsed(line: str) -> Record | None:
    try:
        return Record(**json.loads(line))
    except (ValueError, TypeError):
        return None
