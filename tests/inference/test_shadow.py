import json
import threading
from pathlib import Path

import numpy as np
import pytest

from algotrade.inference.outlook import Outlook
from algotrade.inference.predictor import Predictor
from algotrade.inference.problems import UnknownModel
from algotrade.inference.shadow import Shadow
from algotrade.monitoring.metrics import ServiceMetrics

from .fakes import NOW_SECONDS, FakeFeatures, FakeModel, describe, vectors

ALL = tuple(vectors(symbol, seed=seed) for seed, symbol in enumerate(describe().symbols))


class Contrary(FakeModel):
    """Says the opposite; may be held up."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = threading.Event()
        self.go_on.set()

    def predict_one(self, window: np.ndarray) -> tuple[float, float]:
        self.go_on.wait(60)
        probability, expected_return = super().predict_one(window)
        return 1 - probability, -expected_return


class Stage:
    """A champion and a challenger on the same features."""

    def __init__(self, folder: Path, **options: int) -> None:
        self.metrics, self.model = ServiceMetrics(), Contrary()
        self.file = folder / "shadow" / "worker-1.jsonl"
        self.shadow = Shadow(lambda: self, "challenger", self.file, self.metrics, **options)  # type: ignore[arg-type]
        self.champion = self.predictor("7", FakeModel())
        self.challenger = self.predictor("8", self.model)

    def predictor(self, version: str, model: FakeModel) -> Predictor:
        description = describe().model_copy(update={"version": version})
        return Predictor(
            model,
            description,
            FakeFeatures(*ALL),
            self.metrics,
            witness=self.shadow.witness,
            now=lambda: NOW_SECONDS,
        )

    def current(self) -> Predictor:
        return self.champion

    def of(self, version: str) -> Predictor:
        if version != "challenger":
            raise UnknownModel("?")
        return self.challenger

    def lines(self) -> list[dict]:
        return [json.loads(line) for line in self.file.read_text().splitlines()]

    def count(self, outcome: str) -> float:
        return self.metrics.registry.get_sample_value("algotrade_shadow_predictions_total", {"outcome": outcome}) or 0.0


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def test_both_predictions_are_recorded_and_only_one_is_given(stage: Stage) -> None:
    stage.shadow.start()
    given = stage.champion.of_every_symbol()
    (brought,) = stage.champion.of_features([[1.0, 2.0, 3.0]])
    stage.shadow.stop()
    lines = stage.lines()
    assert [line["symbol"] for line in lines] == [*describe().symbols, None]
    for line, prediction in zip(lines, [*given, brought], strict=True):
        assert line["champion"] == {
            "version": "7",
            "probability": prediction.probability,
            "expected_return": prediction.expected_return,
        }
        assert line["challenger"]["version"] == "8"
        assert line["challenger"]["probability"] == pytest.approx(1 - prediction.probability)
    assert lines[0]["candle_close_time"] == lines[0]["challenger"]["candle_close_time"] == "1970-02-11T16:00:00+00:00"
    assert stage.count("recorded") == 4
    counted = [
        stage.metrics.registry.get_sample_value("algotrade_predictions_total", {"signal": signal}) or 0
        for signal in ("long", "flat")
    ]
    assert sum(counted) == 4


def test_a_slow_challenger_holds_up_nobody_and_what_it_misses_is_counted(stage: Stage) -> None:
    stage.model.go_on.clear()
    stage.shadow.start()
    for _ in range(1_500):
        stage.champion.of_features([[1.0, 2.0, 3.0]])
    assert stage.count("dropped") >= 400
    stage.model.go_on.set()
    stage.shadow.stop()
    assert stage.count("recorded") + stage.count("dropped") == 1_500


def test_what_other_models_say_is_not_recorded(stage: Stage) -> None:
    stage.shadow.start()
    stage.challenger.of_features([[1.0, 2.0, 3.0]])
    stage.shadow.stop()
    assert stage.count("recorded") == 0


def test_a_challenger_that_cannot_answer_is_counted_and_named_once(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.challenger.features.online.clear()
    stage.shadow.start()
    stage.champion.of_symbols(["BTC/USDT", "ETH/USDT"])
    stage.shadow.stop()
    assert (stage.count("failed"), stage.count("recorded")) == (2, 0)
    assert caplog.text.count("BTC/USDT: no 1h features online yet") == 1


def test_the_file_has_an_end_and_one_before_it(tmp_path: Path) -> None:
    stage = Stage(tmp_path, most_bytes=2_000)
    stage.shadow.start()
    for number in range(60):
        stage.shadow.witness(stage.champion, np.full((1, 3), float(number)), Outlook(0.5, 0.0, None))
    stage.shadow.stop()
    assert sorted(path.name for path in stage.file.parent.iterdir()) == ["worker-1.1.jsonl", "worker-1.jsonl"]
    assert all(path.stat().st_size < 2_500 for path in stage.file.parent.iterdir())
