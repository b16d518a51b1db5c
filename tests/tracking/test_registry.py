"""What is registered is whole, found again, and there once."""

import sqlite3
from pathlib import Path

import numpy as np
import pytest
from tests.serving import free_port
from tests.tracking.conftest import decided

from algotrade.errors import BundleRejected, RegistryError
from algotrade.models.bundle import ModelBundle
from algotrade.tracking import ModelRegistry
from algotrade.tracking.reachability import without_password

STEPS = (
    ("log_artifacts", 1),
    ("log_artifacts", 2),
    ("create_registered_model", 1),
    ("create_model_version", 1),
    ("create_model_version", 2),
)


class TestVersion:
    def test_it_carries_lineage_files_card_and_evidence(self, registry, run_id, make, tmp_path):
        ours = make(tags={"parameters_digest": "abc"})
        registry.register([ours], run_id)
        (found,) = registry.versions()
        assert found.version == ours.manifest.version
        assert found.gate == "not judged"
        expected = {"model": "majority", "data_digest": "beef", "feature_fingerprint": "f00d", "git_commit": "c0ffee"}
        assert expected.items() <= found.tags.items()
        assert found.tags["training_end"].startswith("2025-01-01")
        assert found.tags["parameters_digest"] == "abc"
        bundle, evidence = registry.fetch(found, tmp_path)
        assert evidence.is_file()
        assert (bundle.parent / "model_card.md").read_text() == "# a"
        assert ModelBundle.load(bundle).manifest.files == ours.manifest.files

    def test_mlflow_knows_its_signature_and_can_call_it(self, registry, run_id, make):
        import mlflow

        ours = make()
        registry.register([ours], run_id)
        registry.point("champion", ours.manifest.version)
        mlflow.set_tracking_uri(registry.address)
        model = mlflow.pyfunc.load_model("models:/algotrade@champion")
        (expected,) = model.metadata.signature.inputs.inputs
        assert (str(expected.type), tuple(expected.shape)) == ("float64", (-1, 1, 5))
        assert model.metadata.signature.outputs.input_names() == ["probability", "expected_return"]
        windows = np.zeros((3, 1, 5))
        expected = ModelBundle.load(ours.bundle).predict(windows)
        np.testing.assert_array_equal(model.predict(windows)["probability"], expected.probability)
        with pytest.raises(mlflow.exceptions.MlflowException):
            model.predict(np.zeros((3, 2, 5)))

    def test_registering_it_again_makes_no_second_one_and_says_so(self, registry, run_id, make, caplog):
        first = registry.register([make()], run_id)
        with caplog.at_level("INFO", "algotrade.tracking.registry"):
            again = registry.register([make()], run_id)
        assert again == first
        assert len(registry.versions()) == 1
        assert "is registered already, as version 1" in caplog.text

    def test_the_same_content_has_the_same_version_wherever_and_whenever_it_is_made(self, make):
        assert make("a").manifest.version == make("b").manifest.version
        assert make("a").manifest.version != make("a", share=0.7).manifest.version

    def test_files_that_were_changed_in_the_registry_are_refused(self, registry, run_id, make, tmp_path):
        registry.register([make()], run_id)
        (changed,) = (tmp_path / "artifacts").rglob("parameters.json")
        changed.write_text(changed.read_text() + " ")
        with pytest.raises(BundleRejected, match="was changed"):
            registry.fetch(registry.versions()[0], tmp_path / "fetched")


class TestFailure:
    @pytest.mark.parametrize(("step", "call"), STEPS)
    def test_nothing_is_there_by_half_and_the_next_try_completes_it(
        self, registry, run_id, make, monkeypatch, step, call, tmp_path
    ):
        ours = [make("a"), make("b", share=0.7)]
        client, calls = registry._client, []
        original = getattr(type(client), step)

        def failing(self, *arguments, **options):
            calls.append(step)
            if len(calls) == call:
                raise OSError("the database is gone")
            return original(self, *arguments, **options)

        with monkeypatch.context() as patched:
            patched.setattr(type(client), step, failing)
            with pytest.raises(RegistryError, match="cannot be used: the database is gone"):
                registry.register(ours, run_id)
        for number, found in enumerate(registry.versions()):
            registry.fetch(found, tmp_path / f"whole{number}")
            assert found.tags["data_digest"] == "beef"

        registry.register(ours, run_id)
        assert sorted(found.version for found in registry.versions()) == sorted(each.manifest.version for each in ours)
        for number, found in enumerate(registry.versions()):
            registry.fetch(found, tmp_path / f"fetched{number}")

    @pytest.mark.parametrize("scheme", ["http", "postgresql"])
    def test_a_server_that_is_not_there_is_told_at_once(self, scheme, make):
        registry = ModelRegistry(uri=f"{scheme}://me:secret@127.0.0.1:{free_port()}/x")
        with pytest.raises(RegistryError, match="Connection refused") as caught:
            registry.register([make()], "run")
        assert "secret" not in str(caught.value)

    def test_so_is_a_broken_database(self, tmp_path, make):
        (tmp_path / "mlflow.db").write_bytes(b"no database" * 1_000)
        with pytest.raises(RegistryError, match="file is not a database"):
            ModelRegistry(uri=f"sqlite:///{tmp_path}/mlflow.db").register([make()], "run")

    def test_and_an_address_that_means_nothing(self):
        with pytest.raises(RegistryError, match="nonsense://"):
            ModelRegistry(uri="nonsense://x").versions()

    @pytest.mark.slow
    def test_and_a_locked_database(self, registry, run_id, make, tmp_path):
        with sqlite3.connect(tmp_path / "mlflow.db") as other:
            other.execute("begin exclusive")
            with pytest.raises(RegistryError, match="locked"):
                registry.register([make()], run_id)
            other.rollback()
        registry.register([make()], run_id)
        assert len(registry.versions()) == 1


class TestFinding:
    def test_by_version_beginning_and_number(self, registry, run_id, make):
        ours = [make("a"), make("b", share=0.7)]
        registry.register(ours, run_id)
        version = ours[1].manifest.version
        for text in (version, version[:6], "2"):
            assert registry.find(text).version == version

    @pytest.mark.parametrize(("text", "problem"), [("zzz", "is not registered"), ("", "is not registered")])
    def test_what_is_not_there_is_told_with_what_is(self, registry, run_id, make, text, problem):
        ours = make()
        registry.register([ours], run_id)
        with pytest.raises(RegistryError, match=problem) as caught:
            registry.find(text)
        assert ours.manifest.version in str(caught.value)

    def test_nothing_is_registered_at_first(self, registry):
        assert registry.versions() == []
        assert registry.aliases() == {}
        with pytest.raises(RegistryError, match="none"):
            registry.find("abc")


class TestAliasesAndTags:
    def test_an_alias_points_to_one_version_or_to_none(self, registry, run_id, make):
        ours = [make("a"), make("b", share=0.7)]
        registry.register(ours, run_id)
        for each in ours:
            registry.point("champion", each.manifest.version)
            assert registry.aliases() == {"champion": each.manifest.version}
        registry.point("champion", None)
        registry.point("champion", None)
        assert registry.aliases() == {}

    @pytest.mark.parametrize(
        ("outcome", "said"),
        [("promoted", "passed"), ("by hand", "by hand"), ("kept", "failed"), ("no champion", "failed")],
    )
    def test_the_gate_leaves_what_it_said(self, registry, run_id, make, outcome, said):
        ours = make()
        registry.register([ours], run_id)
        registry.tag_gate(decided(ours, outcome))
        assert registry.versions()[0].gate == said
        assert registry.versions()[0].tags["gate_sentence"] == f"It was {outcome}."

    def test_but_not_of_the_champion_itself(self, registry, run_id, make):
        ours = make()
        registry.register([ours], run_id)
        registry.tag_gate(decided(ours, "promoted"))
        registry.tag_gate(decided(ours, "kept", before=ours.manifest.version))
        assert registry.versions()[0].gate == "passed"

    def test_a_decision_stays_with_its_run(self, registry, run_id, make, tmp_path):
        registry.log_decision(run_id, decided(make(), "kept"))
        assert registry._client.get_run(run_id).data.tags["gate.outcome"] == "kept"
        assert next((tmp_path / "artifacts").rglob("decision.json")).is_file()


def test_passwords_are_not_shown():
    assert without_password("http://127.0.0.1:5000") == "http://127.0.0.1:5000"
    assert "secret" not in without_password("postgresql+psycopg://me:secret@db/mlflow")


def test_a_registry_of_another_folder_is_another_one(tmp_path: Path, registry, fresh_tracking_database, run_id, make):
    registry.register([make()], run_id)
    other = tmp_path / "other.db"
    other.write_bytes(fresh_tracking_database.read_bytes())
    assert ModelRegistry(uri=f"sqlite:///{other}").versions() == []
