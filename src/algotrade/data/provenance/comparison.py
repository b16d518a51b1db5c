"""What has changed since a run, and which of its files another run made differently."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from algotrade.data.provenance.code import CodeState
from algotrade.data.provenance.machine import MachineState
from algotrade.data.provenance.record import DataState, ModelFiles, RunRecord


@dataclass(frozen=True)
class Difference:
    """One thing that is not as it was.

    Attributes
    ----------
    what : str
    recorded, present : str
    decisive : bool
        Whether a repetition cannot be expected to give the same files.
    advice : str
        How to bring it back.
    """

    what: str
    recorded: str
    present: str
    decisive: bool
    advice: str = ""

    def __str__(self) -> str:
        text = f"{self.what}: {self.recorded or 'none'} then, {self.present or 'none'} now"
        return f"{text}. {self.advice}" if self.advice else text


def differences(
    record: RunRecord, code: CodeState, machine: MachineState, data: DataState | None
) -> tuple[Difference, ...]:
    """What differs between a run's record and the present, the decisive first; nothing where all is as it was."""
    found = [*_of_code(record.code, code), *_of_data(record.data, data), *_of_machine(record.machine, machine)]
    return tuple(sorted(found, key=lambda each: not each.decisive))


def changed_files(recorded: Mapping[str, ModelFiles], repeated: Mapping[str, ModelFiles]) -> tuple[str, ...]:
    """Files of the candidates, as ``candidate/path``, that are not byte for byte the same in both runs."""

    def all_files(models: Mapping[str, ModelFiles]) -> dict[str, str]:
        return {f"{name}/{path}": digest for name, model in models.items() for path, digest in model.files.items()}

    before, after = all_files(recorded), all_files(repeated)
    return tuple(sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path)))


def _of_code(recorded: CodeState, present: CodeState) -> Iterator[Difference]:
    if recorded.source_digest != present.source_digest:
        digests = recorded.source_digest[:12], present.source_digest[:12]
        yield Difference("source files", *digests, True, _advice(recorded))
    if recorded.commit != present.commit:
        # Another commit with the same source files, as one of the documentation, is no other code.
        yield Difference("git commit", recorded.commit[:12], present.commit[:12], False)
    if recorded.diff_digest != present.diff_digest:
        yield Difference("uncommitted changes", recorded.diff_digest[:12], present.diff_digest[:12], False)
    if recorded.lock_digest != present.lock_digest:
        advice = "Install the lock file of that commit."
        yield Difference("requirements.lock", recorded.lock_digest[:12], present.lock_digest[:12], True, advice)


def _advice(recorded: CodeState) -> str:
    checkout = f"Check out {recorded.commit[:12]}"
    if not recorded.diff_digest:
        return f"{checkout}."
    rest = "" if recorded.diff_complete else " (it is not complete: cut, or without what looked like a secret)"
    return f"{checkout} and apply the record's diff{rest}: `algotrade repeat --diff | git apply`."


def _of_data(recorded: DataState, present: DataState | None) -> Iterator[Difference]:
    if present is None:
        advice = "Run the ingestion and feature_engineering pipelines with the source of that time."
        yield Difference("data", recorded.digest[:12], "none", True, advice)
        return
    for what, field, advice in _DATA:
        before, now = str(getattr(recorded, field)), str(getattr(present, field))
        if before != now:
            yield Difference(what, before[:12], now[:12], True, advice)


_DATA = (
    ("candles", "digest", "Bring that snapshot back, or ingest the same span again."),
    ("feature fingerprint", "feature_fingerprint", "Run feature_engineering with that code and parameters."),
    ("features", "features_digest", "Run `kedro run --pipeline feature_engineering` again."),
)


def _of_machine(recorded: MachineState, present: MachineState) -> Iterator[Difference]:
    for what, before, now in (
        ("Python", recorded.python, present.python),
        ("platform", recorded.platform, present.platform),
        ("processor", recorded.processor, present.processor),
        ("vector instructions", " ".join(recorded.cpu_flags), " ".join(present.cpu_flags)),
        ("CPUs", str(recorded.cpus), str(present.cpus)),
        ("thread settings", _pairs(recorded.threads), _pairs(present.threads)),
    ):
        if before != now:
            yield Difference(what, before, now, False)
    for name in sorted(recorded.libraries.keys() | present.libraries.keys()):
        before, now = recorded.libraries.get(name, ""), present.libraries.get(name, "")
        if before != now:
            yield Difference(f"library {name}", before, now, True, "Install requirements.lock.")


def _pairs(values: Mapping[str, str]) -> str:
    return " ".join(f"{name}={value}" for name, value in sorted(values.items()))
