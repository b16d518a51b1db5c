"""Alias, served folder and book move together, or not at all."""

import getpass
from pathlib import Path

import pytest
from tests.serving import free_port
from tests.tracking.conftest import decided

from algotrade.errors import BundleRejected, ConfigurationError, ModelError, RegistryError
from algotrade.models.signature import SigningKey
from algotrade.tracking import Championship, ModelRegistry, Registration


@pytest.fixture
def three(registry, run_id, make) -> list[Registration]:
    """Registered bundles of which the gate has passed the first two."""
    ours = [make("a"), make("b", share=0.7), make("c", share=0.2)]
    registry.register(ours, run_id)
    for each, outcome in zip(ours, ("promoted", "by hand", "kept"), strict=True):
        registry.tag_gate(decided(each, outcome))
    return ours


def state(championship: Championship) -> tuple[str | None, str | None, int]:
    """Served version, alias, and decisions in the book."""
    manifest = championship.folder.manifest()
    served = None if manifest is None else manifest.version
    return served, championship.registry.aliases().get("champion"), len(championship.history.records())


class TestByHand:
    def test_alias_folder_and_book_agree(self, championship, three):
        for number, each in enumerate(three[:2]):
            championship.promote(each.manifest.version, f"reason {number}")
            assert state(championship) == (each.manifest.version, each.manifest.version, number + 1)
            assert championship.mismatch() == ""
        first, second = championship.history.records()
        assert (second.kind, second.who, second.reason) == ("promote", getpass.getuser(), "reason 1")
        assert (second.before, second.after) == (first.after, three[1].manifest.version)
        assert not championship.folder.reigning().evidence.empty

    def test_what_failed_the_gate_needs_force_and_a_reason(self, championship, three):
        version = three[2].manifest.version
        with pytest.raises(ModelError, match=r"has not passed the gate \(failed\): It was kept"):
            championship.promote(version)
        with pytest.raises(ConfigurationError, match="--reason"):
            championship.promote(version, " ", force=True)
        assert state(championship) == (None, None, 0)
        championship.promote(version, "the others are broken", force=True)
        assert state(championship) == (version, version, 1)

    def test_the_champion_is_not_promoted_again(self, championship, three):
        championship.promote(three[0].manifest.version)
        with pytest.raises(ModelError, match="is the champion already"):
            championship.promote(three[0].manifest.version)
        assert state(championship)[2] == 1

    def test_a_champion_that_was_changed_on_disk_is_fetched_again(self, championship, three):
        for each in three[:2]:
            championship.promote(each.manifest.version)
        kept = championship.folder.folder_of(three[0].manifest.version)
        next(kept.rglob("parameters.json")).write_text("{}")
        championship.rollback()
        assert championship.folder.reigning().bundle.manifest.version == three[0].manifest.version


class TestRollback:
    def test_it_goes_back_to_the_champion_before(self, championship, three):
        a, b, c = (each.manifest.version for each in three)
        championship.promote(a)
        championship.promote(b)
        championship.promote(c, "try", force=True)
        championship.rollback("it lost money")
        assert state(championship) == (b, b, 4)
        assert championship.history.records()[-1].reason == "it lost money"
        championship.rollback()
        assert state(championship)[:2] == (a, a)
        with pytest.raises(ModelError, match="no champion to go back to"):
            championship.rollback()

    def test_never_to_a_version_that_was_none(self, championship, three):
        championship.promote(three[0].manifest.version)
        with pytest.raises(ModelError, match="no champion to go back to"):
            championship.rollback()
        assert state(championship)[0] == three[0].manifest.version


class TestByTheGate:
    def settle(self, championship: Championship, registration: Registration, outcome: str) -> None:
        championship.settle(decided(registration, outcome), registration.bundle, registration.evidence, "run 1")

    def test_a_challenger_that_passed_reigns(self, championship, three):
        self.settle(championship, three[0], "promoted")
        version = three[0].manifest.version
        assert state(championship) == (version, version, 1)
        record = championship.history.records()[0]
        assert (record.kind, record.who, record.details["outcome"]) == ("gate", "run 1", "promoted")

    @pytest.mark.parametrize("outcome", ["kept", "by hand"])
    def test_one_that_did_not_is_only_written_down(self, championship, three, outcome):
        self.settle(championship, three[0], "promoted")
        self.settle(championship, three[2], outcome)
        version = three[0].manifest.version
        assert state(championship) == (version, version, 2)
        assert championship.history.reigns() == [version]

    def test_without_a_champion_nothing_is_served(self, championship, three):
        self.settle(championship, three[2], "no champion")
        assert state(championship) == (None, None, 1)

    def test_the_same_champion_again_changes_nothing(self, championship, three):
        self.settle(championship, three[0], "promoted")
        self.settle(championship, three[0], "kept")
        assert championship.history.reigns() == [three[0].manifest.version]


class TestFailure:
    def test_a_registry_that_is_gone_leaves_the_champion(self, championship, three):
        championship.promote(three[0].manifest.version)
        gone = Championship.of(championship.folder.models, ModelRegistry(uri=f"http://127.0.0.1:{free_port()}"))
        for command in (lambda: gone.promote(three[1].manifest.version), gone.rollback):
            with pytest.raises((RegistryError, ModelError)):
                command()
        with pytest.raises(RegistryError, match="Connection refused"):
            gone.settle(decided(three[1], "promoted"), three[1].bundle, three[1].evidence, "run")
        assert state(championship) == (three[0].manifest.version,) * 2 + (1,)

    def test_a_folder_that_cannot_be_switched_takes_the_alias_back(self, championship, three, monkeypatch):
        championship.promote(three[0].manifest.version)

        def failing(*_: object) -> None:
            raise OSError("read-only file system")

        with monkeypatch.context() as patched:
            patched.setattr(Path, "symlink_to", failing)
            with pytest.raises(OSError, match="read-only"):
                championship.promote(three[1].manifest.version)
        assert state(championship) == (three[0].manifest.version,) * 2 + (1,)

    def test_so_does_a_bundle_that_is_not_signed_as_it_has_to_be(self, championship, three):
        championship.promote(three[0].manifest.version)
        models, registry = championship.folder.models, championship.registry
        strict = Championship.of(models, registry, SigningKey.generate().verify_key)
        with pytest.raises(BundleRejected, match="not signed"):
            strict.promote(three[1].manifest.version)
        assert state(championship) == (three[0].manifest.version,) * 2 + (1,)

    def test_a_process_killed_between_alias_and_folder_is_told_and_healed(self, championship, three):
        a, b = three[0].manifest.version, three[1].manifest.version
        championship.promote(a)
        championship.registry.point("champion", b)
        assert championship.mismatch() == f"The registry's champion is {b}, but {a} is served, and that counts."
        championship.promote(a)
        assert championship.mismatch() == ""
        championship.registry.point("champion", b)
        championship.settle(decided(three[2], "kept"), three[2].bundle, None, "run")
        assert championship.registry.aliases()["champion"] == a
