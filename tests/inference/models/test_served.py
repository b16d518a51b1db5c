import threading
import time
from pathlib import Path

import pytest

from algotrade.errors import BundleRejected
from algotrade.inference.models import ServedModels, Shelf, Watch
from algotrade.inference.predictor import Predictor
from algotrade.inference.problems import ModelRefused, NoPreviousModel, UnknownModel
from algotrade.inference.schemas import ModelDescription
from algotrade.models import ModelBundle
from algotrade.models.signature import SigningKey
from algotrade.monitoring.metrics import ServiceMetrics
from algotrade.tracking import DecisionHistory
from tests.inference.bundles import promote, train
from tests.inference.fakes import FakeFeatures

ROW = [[0.5, -0.5, 0.25]]


class Opener:
    """Makes predictors, and can be held up while it does."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.go_on.set()
        self.opened: list[str] = []

    def __call__(self, bundle: ModelBundle) -> Predictor:
        self.go_on.wait(60)
        self.opened.append(bundle.manifest.version)
        return Predictor(bundle, ModelDescription.of(bundle.manifest), FakeFeatures(), ServiceMetrics())


@pytest.fixture
def models(tmp_path: Path) -> Path:
    promote(tmp_path / "06_models", "one", 1)
    return tmp_path / "06_models"


def served_from(models: Path, opener: Opener | None = None, side_by_side: int = 4) -> ServedModels:
    return ServedModels(Shelf(models / "champion"), opener or Opener(), ServiceMetrics(), side_by_side)


def says(predictor: Predictor) -> float:
    return predictor.of_features(ROW)[0].probability


def versions(served: ServedModels) -> list[tuple[str, str]]:
    return [(each.manifest.version, each.role) for each in served.all()]


class TestReload:
    def test_serves_what_was_promoted_and_it_answers_as_its_bundle(self, models: Path) -> None:
        served = served_from(models)
        before = served.current()
        promote(models, "two", 2)
        assert served.has_changed()
        assert served.reload() is served.current()
        assert served.current().description.version == "two"
        assert not served.has_changed()
        expected = ModelBundle.load(models / "champion").predict_one(served.current().window_of(ROW))[0]
        assert says(served.current()) == expected != says(before)

    def test_requests_that_have_begun_finish_on_the_old_one_and_none_waits(self, models: Path) -> None:
        opener = Opener()
        served = served_from(models, opener)
        old = served.current()
        promote(models, "two", 2)
        opener.go_on.clear()
        change = threading.Thread(target=served.reload)
        change.start()
        assert served.current() is old
        answer = says(old)
        assert change.is_alive()
        opener.go_on.set()
        change.join()
        assert served.current().description.version == "two"
        assert says(old) == answer

    def test_a_changed_bundle_is_refused_and_the_old_one_stays(self, models: Path) -> None:
        served = served_from(models)
        promote(models, "two", 2)
        (file,) = (models / "champions" / "two" / "model").glob("*.json")
        file.write_text(file.read_text().replace("0.", "1.", 1))
        with pytest.raises(ModelRefused, match=r"was changed after it was written.* Model one is still served"):
            served.reload()
        assert served.current().description.version == "one"
        assert "changed" in served.trouble
        assert not served.has_changed()
        promote(models, "three", 3)
        assert served.reload().description.version == "three"
        assert served.trouble == ""

    def test_a_champion_that_was_withdrawn_is_told_and_still_served(self, models: Path) -> None:
        served = served_from(models)
        (models / "champion").unlink()
        with pytest.raises(ModelRefused, match="Model one is still served"):
            served.reload()
        assert served.current().description.version == "one"

    def test_an_unsigned_bundle_is_refused_where_signatures_are_asked_for(self, tmp_path: Path) -> None:
        key, models = SigningKey.generate(), tmp_path / "06_models"
        promote(models, "one", 1, key)
        shelf = Shelf(models / "champion", key.verify_key)
        served = ServedModels(shelf, Opener(), ServiceMetrics())
        promote(models, "two", 2)
        with pytest.raises(ModelRefused):
            served.reload()
        assert served.current().description.version == "one"

    def test_start_refuses_a_changed_bundle(self, models: Path) -> None:
        (models / "champion" / "manifest.json").write_text("{}")
        with pytest.raises(BundleRejected):
            served_from(models)

    def test_the_metric_names_one_champion(self, models: Path) -> None:
        metrics = ServiceMetrics()
        served = ServedModels(Shelf(models / "champion"), Opener(), metrics)
        promote(models, "two", 2)
        served.reload()
        shown = [line for line in metrics.render().decode().splitlines() if line.startswith("algotrade_model_info{")]
        assert [('version="two"' in line, line.endswith(" 1.0")) for line in shown if line.endswith(" 1.0")] == [
            (True, True)
        ]


class TestSideBySide:
    def test_candidates_and_former_champions_answer_by_version_or_name(self, models: Path) -> None:
        promote(models, "two", 2)
        train(models / "candidates" / "logistic", "three", 3)
        served = served_from(models)
        served.reload()
        assert versions(served) == [("two", "champion"), ("three", "challenger"), ("one", "former")]
        answers = {version: says(served.of(version)) for version in ("one", "two", "three")}
        assert len(set(answers.values())) == 3
        assert served.of(None) is served.of("two") is served.of("logistic") is served.current()

    def test_no_more_than_asked_for_and_none_twice(self, models: Path) -> None:
        promote(models, "two", 2)
        train(models / "candidates" / "same", "two", 2)
        train(models / "candidates" / "logistic", "three", 3)
        served = served_from(models, side_by_side=1)
        served.reload()
        assert versions(served) == [("two", "champion"), ("three", "challenger")]

    def test_one_that_cannot_be_loaded_is_left_out(self, models: Path, caplog: pytest.LogCaptureFixture) -> None:
        folder = train(models / "candidates" / "logistic", "three", 3)
        (folder / "model" / "foreign.txt").write_text("?")
        served = served_from(models)
        served.reload()
        assert versions(served) == [("one", "champion")]
        assert "foreign.txt" in caplog.text

    def test_an_unknown_version_names_those_that_are_served(self, models: Path) -> None:
        with pytest.raises(UnknownModel, match=r"No model 'nine' is served\. Those that are: logistic one"):
            served_from(models).of("nine")

    def test_a_model_that_is_there_is_not_loaded_again(self, models: Path) -> None:
        train(models / "candidates" / "logistic", "three", 3)
        opener = Opener()
        served = served_from(models, opener)
        served.reload()
        served.reload()
        assert opener.opened.count("three") == 1

    def test_a_bundle_named_by_hand_is_alone(self, tmp_path: Path) -> None:
        train(tmp_path / "mine", "mine", 4)
        served = ServedModels(Shelf(tmp_path / "mine"), Opener(), ServiceMetrics(), 4)
        served.reload()
        assert versions(served) == [("mine", "champion")]
        with pytest.raises(NoPreviousModel):
            served.rollback("desk")


class TestRollback:
    def test_the_champion_before_answers_again_and_the_book_says_who_wanted_it(self, models: Path) -> None:
        served = served_from(models)
        before = says(served.current())
        promote(models, "two", 2)
        served.reload()
        assert says(served.rollback("desk")) == before
        last = DecisionHistory(models / "decisions.jsonl").records()[-1]
        assert (last.kind, last.who, last.before, last.after) == ("rollback", "desk", "two", "one")
        with pytest.raises(NoPreviousModel):
            served.rollback("desk")

    def test_one_that_was_changed_is_refused_and_the_present_one_stays(self, models: Path) -> None:
        promote(models, "two", 2)
        served = served_from(models)
        (models / "champions" / "one" / "manifest.json").write_text("{}")
        with pytest.raises(ModelRefused, match="The champion is still two"):
            served.rollback("desk")
        assert (models / "champion").resolve().name == "two"
        assert served.current().description.version == "two"


def test_the_watch_notices_a_promotion_and_survives_a_refusal(models: Path) -> None:
    served = served_from(models)
    watch = Watch(served, every_seconds=0.01)
    watch.start()
    try:
        promote(models, "two", 2)
        wait_for(lambda: served.current().description.version == "two")
        train(models / "champions" / "bad", "bad", 5)
        (models / "champions" / "bad" / "model" / "foreign.txt").write_text("?")
        promote(models, "bad", 5)
        wait_for(lambda: "foreign.txt" in served.trouble)
        promote(models, "three", 3)
        wait_for(lambda: served.current().description.version == "three")
    finally:
        watch.stop()


def wait_for(condition, seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.01)
