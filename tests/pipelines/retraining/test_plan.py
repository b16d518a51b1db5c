"""Each trigger alone asks for a training, none of them does without one, and what was just done is not done again."""

import re
from datetime import UTC, datetime

import pandas as pd
import pytest

from algotrade.data.provenance import CodeState, DataState, ModelFiles, RunRecord, machine_state
from algotrade.domain.timeframe import Timeframe
from algotrade.models.manifest import Manifest
from algotrade.pipelines.parameters import RetrainingParameters
from algotrade.pipelines.retraining.plan import Finding, Present, champion_findings, make_plan

NOW = pd.Timestamp("2024-06-01", tz="UTC")
SETTINGS = RetrainingParameters(max_age=100, rest=24)
QUIET = (Finding("drift", False, "no drift"), Finding("performance", False, "as good as it was"))


def present(**changes) -> Present:
    known = {
        "data_digest": "new", "feature_fingerprint": "f00d", "exchange": "x", "timeframe": Timeframe("1h"),
        "newest": NOW, "training": {"seed": 7},
    }  # fmt: skip
    return Present(**known | changes)


def champion(age: int = 10, **changes) -> Manifest:
    """A champion that learned from all labels that were known so many candles ago."""
    end = NOW - pd.Timedelta(hours=age + 4 + 1)
    known = {
        "feature_names": ("a",), "feature_fingerprint": "f00d", "lookback": 1, "horizon": 4, "exchange": "x",
        "timeframe": "1h", "symbols": ("BTC/USDT",), "training_start": end - pd.Timedelta(days=100),
        "training_end": end, "data_digest": "old", "model": "trees", "version": "v1", "history": 1, "settings": {},
        "libraries": {}, "created_time": end, "files": {},
    }  # fmt: skip
    return Manifest(**known | changes)


def trained(age: int, digest: str = "old", seed: int = 7, exchange: str = "x", fingerprint: str = "f00d") -> RunRecord:
    """The record of a training so many candles ago."""
    return RunRecord(
        created_time=datetime(2024, 1, 1, tzinfo=UTC),
        code=CodeState(source_digest="s"),
        machine=machine_state(),
        data=DataState(
            digest=digest, features_digest="f", feature_fingerprint=fingerprint, source="files", exchange=exchange,
            timeframe="1h", symbols=("BTC/USDT",), newest=(NOW - pd.Timedelta(hours=age)).to_pydatetime(),
        ),
        parameters={"training": {"seed": seed}},
        seed=seed,
        models={"trees": ModelFiles(version="v1", files={})},
    )  # fmt: skip


def plan(manifest=None, last=None, watched=QUIET, settings=SETTINGS, now=None):
    now = now or present()
    return make_plan([*champion_findings(manifest, now, settings), *watched], now, last, settings)


def fired(found) -> list[str]:
    return [finding.trigger for finding in found.findings if finding.fired]


def test_without_a_trigger_there_is_no_training_and_every_reason_is_told():
    found = plan(champion(), trained(10))
    assert (found.verdict, fired(found)) == ("not needed", [])
    assert found.sentence == (
        "No training is needed: trees v1 is the champion; the champion reads the features that are computed now; "
        "10 candles have come since those that the champion learned from, and 100 are accepted; no drift; "
        "as good as it was."
    )


@pytest.mark.parametrize(
    ("trigger", "arguments", "reason"),
    [
        ("champion", {}, "there is no champion"),
        ("schedule", {"manifest": champion(100)}, "100 candles have come since .*, and only 100 are accepted"),
        ("features", {"manifest": champion(feature_fingerprint="beef")}, "reads other features than are computed now"),
        ("features", {"manifest": champion(timeframe="4h")}, r"of another market \(x 4h, not x 1h\)"),
        ("features", {"manifest": champion(exchange="y")}, r"of another market \(y 1h, not x 1h\)"),
        ("drift", {"manifest": champion(), "watched": (Finding("drift", True, "features moved"),)}, "features moved"),
        ("performance", {"manifest": champion(), "watched": (Finding("performance", True, "worse"),)}, "worse"),
    ],
)
def test_each_trigger_alone_asks_for_a_training(trigger, arguments, reason):
    found = plan(last=trained(200), **arguments)
    assert (found.verdict, fired(found)) == ("train", [trigger])
    assert found.sentence.startswith("Training: ")
    assert re.search(reason, found.sentence)


def test_the_schedule_begins_one_candle_later():
    assert plan(champion(99), trained(99)).verdict == "not needed"
    assert plan(champion(5000), trained(5000), settings=RetrainingParameters(max_age=None)).verdict == "not needed"


def test_the_first_training_waits_for_nothing():
    assert plan(None, None).verdict == "train"


@pytest.mark.parametrize("manifest", [None, champion(500), champion(feature_fingerprint="beef")])
def test_what_was_just_learned_is_not_learned_again_whatever_became_of_it(manifest):
    found = plan(manifest, trained(0, digest="new"), watched=(Finding("drift", True, "features moved"),))
    assert found.verdict == "nothing new"
    assert found.sentence.startswith("Nothing to do: the last training was on these very candles (new)")


def test_other_parameters_or_features_on_the_same_candles_are_something_new():
    now = present(newest=NOW + pd.Timedelta(hours=200))
    assert plan(None, trained(0, digest="new", seed=8), now=now).verdict == "train"
    assert plan(None, trained(0, digest="new", fingerprint="beef"), now=now).verdict == "train"


def test_a_kept_champion_is_not_challenged_with_every_candle():
    assert plan(champion(500), trained(23)).verdict == "not yet"
    assert "23 candles ago and 24 have to pass" in plan(champion(500), trained(23)).sentence
    assert plan(champion(500), trained(24)).verdict == "train"
    assert plan(None, trained(23)).verdict == "not yet", "nothing passed the gate a day ago"


def test_a_training_in_another_market_rests_nobody_here():
    assert plan(None, trained(0, exchange="y")).verdict == "train"


def test_the_same_facts_give_the_same_words():
    assert plan(champion(500), trained(23)) == plan(champion(500), trained(23))
    assert plan(champion(500), trained(24)).to_json()["train"] is True
