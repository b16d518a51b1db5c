"""A model card says what is known, calls what is not known unknown, and never flatters."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pandas as pd
import pytest

from algotrade.models import Manifest, Preparation
from algotrade.reporting.model_card import CardFacts, model_card

MANIFEST = Manifest(
    feature_names=("rsi_14", "atr_14", "hour"), feature_fingerprint="f00d", lookback=300, horizon=8,
    exchange="binance", timeframe="1h", symbols=("BTC/USDT", "ETH/USDT"),
    training_start=datetime(2024, 1, 1, tzinfo=UTC), training_end=datetime(2025, 1, 1, tzinfo=UTC),
    data_digest="beef", git_commit="c0ffee", label="log(a | b)", model="trees", version="v1", history=1,
    settings={"rounds": 60, "rate": 0.1, "weights": {"a": 0.25, "b": 0.75}}, libraries={"numpy": "2.4.6"},
    created_time=datetime(2025, 1, 2, 3, 4, tzinfo=UTC), files={"model/trees.txt": "5" * 64},
    fold_scores=(
        {"fold": 0, "start": "2024-06-01T00:00:00Z", "end": "2024-09-01T00:00:00Z", "rows": 900, "auc": 0.56,
         "log_loss": 0.69, "information_coefficient": 0.04},
        {"fold": 1, "start": "2024-09-01T00:00:00Z", "end": "2025-01-01T00:00:00Z", "rows": 950, "auc": 0.48,
         "log_loss": 0.70, "information_coefficient": None},
    ),
)  # fmt: skip
SCORES = {
    "trees": {
        "folds": 2, "rows": 1850, "auc": 0.52, "accuracy": 0.53, "balanced_accuracy": 0.52, "log_loss": 0.6921,
        "brier": 0.249, "information_coefficient": None, "information_coefficient_t": 1.5,
        "intervals": {"auc": {"low": 0.49, "high": 0.55, "standard_error": 0.01}},
        "calibration": {"slope": {"value": 0.8, "low": 0.5, "high": 1.1}, "error": {"value": 0.02, "low": None}},
        "coverage": {"value": 0.9, "low": 0.88, "high": 0.92},
        "reasons": {"information_coefficient": "it always says the same"},
    },
    "majority": {"auc": 0.5, "accuracy": 0.51, "log_loss": 0.6931},
}  # fmt: skip
DECISION = {
    "sentence": "There is no champion: trees v1 did not pass the gate.",
    "challenger": {"name": "trees", "version": "v1"},
    "checks": [
        {"name": "beats majority", "passed": False, "found": "p 0.4", "required": "p <= 0.05", "reason": "noise"},
        {"name": "no leak", "passed": True, "found": "0 faults", "required": "0 faults", "reason": "fine"},
    ],
}
FACTS = CardFacts(
    scores=SCORES,
    baselines=("majority", "persistence"),
    preparation=Preparation(MANIFEST.feature_names, kept=(0, 1), dropped=(), extractor=None),
    families={"rsi_14": "technical", "atr_14": "volatility", "hour": "calendar"},
    importance=pd.DataFrame(
        {"feature": [f"x{rank}" for rank in range(12)], "family": "technical",
         "importance": [0.5, 0.3, 0.2, *[0.0] * 9]}
    ),
    decision=DECISION,
    universe={"source": "files", "planted_signal": None, "notes": ["Prices are those of one exchange."]},
)  # fmt: skip


def section(card: str, title: str) -> str:
    return card.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


@pytest.fixture(scope="module")
def card() -> str:
    return model_card(MANIFEST, FACTS)


def test_it_says_what_is_forecast_in_which_unit(card):
    text = section(card, "What it forecasts")
    assert "8 candles of 1h (8 h)" in text
    assert r"`log(a \| b)`" in text, "a bar would end the cell"
    assert "the log return that is expected" in text
    assert "`weights=a:0.25+b:0.75`" in text


def test_it_says_on_which_data(card):
    text = section(card, "Data")
    for fact in ("binance", "BTC/USDT, ETH/USDT", "2024-01-01 00:00 UTC to 2025-01-01 00:00 UTC", "`beef`", "files"):
        assert fact in text
    assert "Prices are those of one exchange." in text


def test_it_counts_features_by_family(card):
    text = section(card, "Features")
    assert "| Computed | 3: calendar 1, technical 1, volatility 1 |" in text
    assert "| Kept for the model | 2: technical 1, volatility 1 |" in text


def test_scores_have_intervals_and_baselines_beside_them(card):
    text = section(card, "Out-of-fold scores")
    assert "| score | trees | majority |" in text, "a baseline that was not walked has no column"
    assert "| AUC | 0.5200 [0.4900, 0.5500] | 0.5000 |" in text
    assert "| Information coefficient | not defined | not defined |" in text
    assert "1,850 rows in 2 folds" in text


def test_calibration_folds_and_importance_are_there(card):
    assert "| Slope (1 is right, less is too sure) | 0.8000 [0.5000, 1.1000] |" in section(card, "Calibration")
    assert "| Expected calibration error | 0.0200 |" in section(card, "Calibration")
    assert "| 0 | 2024-06-01 to 2024-09-01 | 900 | 0.5600 | 0.6900 | 0.0400 |" in section(card, "Folds")
    important = section(card, "What it looks at most")
    assert "| `x0` | technical | 50.0 % |" in important
    assert important.count("`x") == 3, "what no split used is not among the most important"


def test_what_the_model_itself_leans_on_comes_before_what_the_trees_used():
    leans = {
        "model": "trees",
        "family": "technical",
        "kind": "permutation",
        "value": 0.002,
        "low": 0.001,
        "high": 0.003,
    }
    others = leans | {"model": "network", "feature": "hour"}
    explained = replace(FACTS, explanation=pd.DataFrame([leans | {"feature": "rsi_14"}, others]))
    text = section(model_card(MANIFEST, explained), "What it looks at most")
    assert "Log loss that is lost when it is shuffled" in text
    assert "| `rsi_14` | technical | 0.0020 [0.0010, 0.0030] |" in text
    assert "`hour`" not in text
    assert "`x0`" not in text
    unknown = section(model_card(MANIFEST.model_copy(update={"model": "forest"}), explained), "What it looks at most")
    assert "`x0`" in unknown, "of a model that was not looked into, the trees of its run say something"


def test_the_gate_is_quoted_with_every_check(card):
    text = section(card, "The gate")
    assert DECISION["sentence"] in text
    assert "| beats majority | **no** | p 0.4 | p <= 0.05 |" in text


def test_limits_name_what_speaks_against_it(card):
    text = section(card, "Known limits")
    for limit in (
        "Its ranking may be luck: the interval of its AUC begins at 0.4900",
        "In 1 of 2 folds it ranked worse than a coin",
        "Information coefficient has no value or no interval: it always says the same",
        "knows BTC/USDT, ETH/USDT on binance only",
        "Fees, slippage and funding are not in the label",
        "It knows nothing after 2025-01-01 00:00 UTC",
        "A regime that did not occur then is new to it",
    ):
        assert limit in text
    assert "simulated" not in text


def test_how_to_make_it_again(card):
    text = section(card, "How to make it again")
    assert "algotrade repeat" in text
    assert f"| `model/trees.txt` | `{'5' * 64}` |" in text
    assert "c0ffee" in text


def test_simulated_candles_are_shouted():
    card = model_card(MANIFEST, CardFacts(universe={"source": "simulated", "planted_signal": 0.14}))
    assert "simulated, planted signal 0.14" in card
    assert section(card, "Known limits").lstrip().startswith("* **The candles are simulated.**")


def test_a_candidate_that_was_not_judged_is_not_said_to_have_passed():
    other = DECISION | {"challenger": {"name": "network", "version": "v9"}, "sentence": "network v9 is the champion."}
    text = section(model_card(MANIFEST, CardFacts(decision=other)), "The gate")
    assert "The candidate that was judged was network, not this model." in text
    assert "beats" not in text


def test_what_is_not_known_is_called_unknown():
    bare = model_card(MANIFEST.model_copy(update={"fold_scores": ()}), CardFacts())
    for title in ("Out-of-fold scores", "Calibration", "Folds", "What it looks at most"):
        assert section(bare, title).strip().startswith("Unknown"), title
    assert "No gate has decided about this run." in bare
    assert "| Source | unknown |" in bare
    assert "How good it was out of fold is not known here." in bare
    assert not re.search(r"\bNone\b|\bnan\b", bare)


def test_every_table_is_whole(card):
    for table in re.findall(r"(?:^\|.*\n)+", card, flags=re.MULTILINE):
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
        assert len(widths) == 1, table
