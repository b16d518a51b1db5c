from pathlib import Path
from types import SimpleNamespace

import pytest

from algotrade.errors import ConfigurationError
from algotrade.hooks import PackagingHooks


@pytest.fixture
def models(tmp_path: Path) -> Path:
    (tmp_path / "06_models" / "champion").mkdir(parents=True)
    return tmp_path / "06_models"


class Shell:
    """Notes what it is asked to run, in place of running it."""

    def __init__(self) -> None:
        self.environments: list[dict[str, str]] = []
        self.answer = SimpleNamespace(returncode=0, stdout="signal_service:1 is in X. From any folder:", stderr="")

    def __call__(self, command: tuple[str, ...], env: dict[str, str], **_: object) -> SimpleNamespace:
        assert command[-1] == "bento"
        self.environments.append(env)
        return self.answer


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Shell:
    shell = Shell()
    monkeypatch.delenv("BENTOML_HOME", raising=False)
    monkeypatch.setattr("algotrade.hooks.packaging.subprocess.run", shell)
    return shell


def run(models: Path, saved: str, serving: dict[str, object] | None) -> None:
    hooks = PackagingHooks()
    hooks.after_context_created(SimpleNamespace(params={} if serving is None else {"serving": serving}))
    hooks.before_pipeline_run()
    hooks.after_dataset_saved(saved)
    catalog = {"champion": SimpleNamespace(_describe=lambda: {"filepath": str(models)})}
    hooks.after_pipeline_run(catalog)


def test_a_run_that_decides_about_the_champion_packages_it(models: Path, shell: Shell) -> None:
    run(models, "champion", {"bento": True})
    (environment,) = shell.environments
    assert environment["ALGOTRADE_BUNDLE"] == str(models / "champion")
    assert environment["BENTOML_HOME"] == str(models.parent / ".bentoml")


@pytest.mark.parametrize(
    ("saved", "serving"), [("champion", None), ("champion", {"bento": False}), ("features", {"bento": True})]
)
def test_any_other_run_does_not(models: Path, shell: Shell, saved: str, serving: dict[str, object] | None) -> None:
    run(models, saved, serving)
    assert shell.environments == []


def test_nor_one_that_crowned_nobody(tmp_path: Path, shell: Shell) -> None:
    run(tmp_path, "champion", {"bento": True})
    assert shell.environments == []


def test_what_cannot_be_packaged_ends_the_run_with_the_reason(models: Path, shell: Shell) -> None:
    shell.answer = SimpleNamespace(returncode=1, stdout="", stderr="Error: a file was changed")
    with pytest.raises(ConfigurationError, match="a file was changed"):
        run(models, "champion", {"bento": True})


def test_what_it_runs_is_a_command_that_refuses_what_is_no_bundle(models: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"holds no manifest\.json"):
        run(models, "champion", {"bento": True})


def test_an_unknown_parameter_is_an_error_that_names_the_known(models: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"serving 'bentos'.*Known are: bento"):
        run(models, "champion", {"bentos": True})
