"""A Bento as users build and start it, in a process that has nothing but what is locked in it."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import httpx
import numpy as np
import pytest
import yaml
from click.testing import CliRunner
from packaging.utils import canonicalize_name

from algotrade.cli import cli
from algotrade.data.provenance import project_root
from algotrade.errors import BundleRejected
from algotrade.inference.packaging import Built, build_bento, version_of
from algotrade.models import ModelBundle
from tests.inference.bundles import train
from tests.serving import free_port, stop, wait_until_it_answers

COMMIT = 5 * "01234567"
SHIM = Path(__file__).with_name("only_these.py")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "champion"
    train(folder, "abc123")
    return folder


@pytest.fixture(scope="module", autouse=True)
def commit() -> Iterator[str]:
    """A commit that stays, while files may be edited."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("algotrade.inference.packaging.build.git_commit", lambda _: COMMIT)
        yield COMMIT


@pytest.fixture(scope="module")
def built(bundle: Path, commit: str, tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build_bento(bundle, tmp_path_factory.mktemp("home"))


def importable(requirements: Path) -> str:
    """Top-level names of the distributions in a file of requirements."""
    locked = {line.partition("==")[0] for line in requirements.read_text().splitlines() if line[:1].isalnum()}
    return ",".join(
        module
        for module, distributions in packages_distributions().items()
        if {canonicalize_name(each) for each in distributions} & locked
    )


def environment(built: Built, folder: Path) -> dict[str, str]:
    """Of a machine that has installed what the Bento asks for, and nothing else."""
    (folder / "shim").mkdir()
    (folder / "shim" / "sitecustomize.py").write_text(SHIM.read_text())
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("ALGOTRADE_")},
        "BENTOML_HOME": str(built.home),
        "BENTOML_DO_NOT_TRACK": "True",
        "PYTHONPATH": str(folder / "shim"),
        "ONLY_THESE": f"algotrade,{importable(built.folder / 'env/python/requirements.txt')}",
        "NOT_FROM": str(project_root() / "src"),
    }


@pytest.fixture(scope="module")
def client(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder, port = tmp_path_factory.mktemp("elsewhere"), free_port()
    log = folder / "log.txt"
    command = [sys.executable, "-m", "bentoml", "serve", built.tag, "--port", str(port)]
    with log.open("w") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment(built, folder),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            wait_until_it_answers(client, process, log)
            yield client
    finally:
        stop(process)


def test_it_answers_from_any_folder_with_nothing_but_what_is_locked_in_it(client: httpx.Client, bundle: Path) -> None:
    window = np.array([[0.5, -1.0, 2.0]])
    answer = client.post("/predict", json={"features": window.tolist()}).raise_for_status().json()
    probability, expected_return = ModelBundle.load(bundle).predict_one(window)
    assert answer["predictions"][0]["probability"] == pytest.approx(probability, abs=1e-12)
    assert answer["predictions"][0]["expected_return"] == pytest.approx(expected_return, abs=1e-12)
    assert answer["model"]["version"] == ModelBundle.load(bundle).manifest.version


def test_every_endpoint_of_it_answers_too(client: httpx.Client) -> None:
    for path in ("/health", "/models", "/metrics", "/docs", "/openapi.json", "/livez"):
        assert client.get(path).status_code == 200, path


def test_what_it_ran_without_was_really_out_of_reach(built: Built, tmp_path: Path) -> None:
    code = (
        "for name in ('mlflow', 'tensorflow', 'kedro', 'vectorbt', 'sklearn', 'algotrade'):\n"
        "    try: __import__(name)\n"
        "    except ModuleNotFoundError as error: print(name)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment(built, tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["mlflow", "tensorflow", "kedro", "vectorbt", "sklearn", "algotrade"]


def test_changes_since_the_commit_are_part_of_the_version() -> None:
    version = version_of("abc", f"{COMMIT}+changes")
    assert version.startswith(f"abc-{COMMIT[:12]}-")
    assert len(version) == len(f"abc-{COMMIT[:12]}-") + 8


def test_it_says_what_it_was_made_of(built: Built, bundle: Path) -> None:
    manifest = ModelBundle.load(bundle).manifest
    label = json.loads((built.folder / "src/package.json").read_text())
    assert built.version == label["version"] == f"{manifest.version}-{COMMIT[:12]}"
    assert label["commit"] == COMMIT
    assert (label["model"], label["feature_fingerprint"]) == (manifest.model, manifest.feature_fingerprint)
    assert ModelBundle.load(built.folder / "src/bundle").manifest == manifest
    assert yaml.safe_load((built.folder / "bento.yaml").read_text())["version"] == built.version


def test_it_has_no_code_that_trains_nor_dependency_that_does(built: Built) -> None:
    packages = {path.name for path in (built.folder / "src/algotrade").iterdir() if path.is_dir()}
    assert not packages & {"pipelines", "hooks", "validation", "backtesting", "reporting", "audit", "cli"}
    requirements = (built.folder / "env/python/requirements.txt").read_text()
    assert "lightgbm==" in requirements
    assert "--hash=sha256:" in requirements
    assert not any(f"\n{name}" in requirements for name in ("tensorflow", "mlflow", "vectorbt", "kedro"))


def test_it_has_a_recipe_for_a_container(built: Built) -> None:
    recipe = (built.folder / "env/docker/Dockerfile").read_text()
    assert "env/python/requirements.txt" in recipe
    assert "BENTOML_DO_NOT_TRACK" in recipe


def test_the_same_is_not_built_twice(built: Built, bundle: Path) -> None:
    again = build_bento(bundle, built.home)
    assert (again.anew, again.tag) == (False, built.tag)


def test_the_command_tells_how_to_serve_it(built: Built, bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALGOTRADE_BUNDLE", str(bundle))
    done = CliRunner().invoke(cli, ["bento", "--home", str(built.home)])
    assert done.exit_code == 0, done.output
    assert f"BENTOML_HOME={built.home} bentoml serve {built.tag}" in done.output


def test_a_changed_bundle_is_not_packaged(bundle: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed"
    changed.mkdir()
    for path in bundle.rglob("*"):
        if path.is_file():
            target = changed / path.relative_to(bundle)
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(path.read_bytes() + (b" " if path.suffix == ".json" and path.parent != bundle else b""))
    with pytest.raises(BundleRejected, match="was changed after it was written"):
        build_bento(changed, tmp_path / "home")


@pytest.mark.slow
def test_two_builds_differ_in_nothing_but_their_stamp(built: Built, bundle: Path, tmp_path: Path) -> None:
    def files(each: Built) -> dict[str, str]:
        found = {}
        for path in sorted(each.folder.rglob("*")):
            if path.is_file():
                content = path.read_bytes()
                if path.name == "bento.yaml":
                    content = b"\n".join(
                        line for line in content.splitlines() if not line.startswith(b"creation_time:")
                    )
                found[path.relative_to(each.folder).as_posix()] = hashlib.sha256(content).hexdigest()
        return found

    assert files(build_bento(bundle, tmp_path)) == files(built)
