"""The served folder is the old champion or the new one, whatever happens."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.kedro_runs import ROOT

from algotrade.errors import BundleRejected
from algotrade.models.bundle import ModelBundle
from algotrade.tracking import ChampionFolder
from algotrade.tracking.champion import why_no_champion

SWITCH_FOR_EVER = """
import itertools, sys
from pathlib import Path
from algotrade.tracking import ChampionFolder
folder = ChampionFolder(Path(sys.argv[1]))
print("ready", flush=True)
for version in itertools.cycle(sys.argv[2:]):
    folder.crown(version)
"""


@pytest.fixture
def folder(tmp_path: Path) -> ChampionFolder:
    return ChampionFolder(tmp_path / "06_models")


@pytest.fixture
def two(folder, make) -> tuple[str, str]:
    """Versions of two champions that are kept."""
    versions = []
    for each in (make("a"), make("b", share=0.7)):
        folder.keep(each.bundle, each.manifest.version, each.evidence)
        versions.append(each.manifest.version)
    return versions[0], versions[1]


class TestSwitch:
    def test_one_is_served_at_a_time(self, folder, two):
        assert folder.manifest() is None
        assert folder.reigning() is None
        for version in (*two, two[0]):
            folder.crown(version)
            assert folder.manifest().version == version
            assert ModelBundle.load(folder.link).manifest.version == version
        folder.crown(None)
        assert folder.manifest() is None

    def test_its_evidence_comes_with_it(self, folder, two):
        folder.crown(two[1])
        assert set(folder.reigning().evidence["model"]) == {"b"}

    def test_a_champion_without_evidence_has_an_empty_one(self, folder, make):
        ours = make()
        folder.keep(ours.bundle, ours.manifest.version, None)
        folder.crown(ours.manifest.version)
        assert folder.reigning().evidence.empty

    def test_the_folder_may_be_moved_with_all_that_is_in_it(self, folder, two, tmp_path):
        folder.crown(two[0])
        folder.models.rename(tmp_path / "elsewhere")
        assert ChampionFolder(tmp_path / "elsewhere").manifest().version == two[0]

    def test_a_bundle_that_somebody_put_in_its_place_is_kept(self, folder, two, make):
        theirs = make("c", share=0.2)
        shutil.copytree(theirs.bundle, folder.link)
        assert folder.manifest().version == theirs.manifest.version
        folder.crown(two[0])
        assert folder.manifest().version == two[0]
        folder.crown(theirs.manifest.version)
        assert folder.manifest().version == theirs.manifest.version


class TestInterruption:
    @pytest.mark.parametrize("step", ["symlink_to", "replace"])
    def test_a_step_that_fails_leaves_the_old_one(self, folder, two, monkeypatch, step):
        folder.crown(two[0])

        def failing(*_: object) -> None:
            raise OSError("no space left on device")

        with monkeypatch.context() as patched:
            patched.setattr(Path, step, failing)
            with pytest.raises(OSError, match="no space left"):
                folder.crown(two[1])
        assert folder.manifest().version == two[0]
        assert not list(folder.models.glob(".crown.*"))
        folder.crown(two[1])
        assert folder.manifest().version == two[1]

    def test_a_process_killed_while_it_switches_leaves_one_of_them_whole(self, folder, two):
        folder.crown(two[0])
        process = subprocess.Popen(
            [sys.executable, "-c", SWITCH_FOR_EVER, str(folder.models), *two],
            cwd=ROOT, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            assert process.stdout.readline() == "ready\n"
            seen = {ModelBundle.load(folder.link).manifest.version for _ in range(100)}
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
            process.stdout.close()
        assert seen == set(two), "whoever looks finds the old one or the new one, and each of them whole"
        assert folder.reigning().bundle.manifest.version in two

    def test_a_copy_that_breaks_off_is_not_taken_for_a_champion(self, folder, make, monkeypatch):
        ours = make()

        def failing(*_: object, **__: object) -> None:
            raise OSError("no space left on device")

        with monkeypatch.context() as patched:
            patched.setattr("shutil.copytree", failing)
            with pytest.raises(OSError, match="no space left"):
                folder.keep(ours.bundle, ours.manifest.version, ours.evidence)
        assert not folder.holds(ours.manifest.version)
        folder.keep(ours.bundle, ours.manifest.version, ours.evidence)
        assert folder.holds(ours.manifest.version)


class TestChanges:
    def test_a_champion_that_was_changed_is_refused(self, folder, two):
        folder.crown(two[0])
        next(folder.link.resolve().rglob("parameters.json")).write_text("{}")
        with pytest.raises(BundleRejected, match="was changed"):
            folder.reigning()

    def test_and_thrown_away_before_it_is_used_again(self, folder, two):
        next(folder.folder_of(two[1]).rglob("parameters.json")).write_text("{}")
        assert not folder.holds(two[1])
        assert not folder.folder_of(two[1]).exists()


def test_only_one_process_at_a_time_changes_the_champion(folder):
    wait = "import sys; from pathlib import Path; from algotrade.tracking import ChampionFolder\n"
    wait += "print('ready', flush=True)\nwith ChampionFolder(Path(sys.argv[1])).locked(): pass"
    with folder.locked():
        other = subprocess.Popen(
            [sys.executable, "-c", wait, str(folder.models)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert other.stdout.readline() == "ready\n"
        with pytest.raises(subprocess.TimeoutExpired):
            other.wait(timeout=0.3)
    assert other.wait(timeout=30) == 0
    other.stdout.close()


class TestWhyThereIsNone:
    def test_nothing_was_trained(self, folder):
        assert "make run" in why_no_champion(folder.models)

    def test_nothing_passed(self, folder):
        folder.models.mkdir()
        (folder.models / "decision.json").write_text('{"sentence": "There is no champion: not better than majority."}')
        assert "not better than majority" in why_no_champion(folder.models)

    @pytest.mark.parametrize("content", ["", "[]", '{"sentence": "x stays the champion"}'])
    def test_nobody_knows(self, folder, content):
        folder.models.mkdir()
        (folder.models / "decision.json").write_text(content)
        assert why_no_champion(folder.models).startswith("There is no champion")
