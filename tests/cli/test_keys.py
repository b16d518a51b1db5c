"""``algotrade keys``: a pair is made once and safely, bundles are signed and checked with it."""

import stat
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from tests.models.provenance import PROVENANCE

from algotrade.cli import cli
from algotrade.models import LabelledSamples, Samples, Targets, build_model, write_bundle


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    samples = Samples(np.zeros((50, 5)), np.arange(50))
    labelled = LabelledSamples(samples, Targets.of_returns(np.linspace(-1, 1, 50)))
    write_bundle(tmp_path / "data" / "06_models" / "champion", build_model("majority").fit(labelled), PROVENANCE)
    return tmp_path / "data" / "06_models" / "champion"


def algotrade(*arguments: str | Path, **environment: str):
    return CliRunner().invoke(cli, ["keys", *map(str, arguments)], env=environment)


def test_a_new_pair_signs_and_checks_the_champion(bundle: Path, tmp_path: Path):
    made = algotrade("new", tmp_path / "key")
    private, public = (tmp_path / "key").read_text().strip(), made.stdout.strip().partition("=")[2]
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert private not in made.output
    data = str(tmp_path / "data")
    unsigned = algotrade("check", ALGOTRADE_VERIFY_KEY=public, ALGOTRADE_DATA=data)
    assert (unsigned.exit_code, "is not signed" in unsigned.stderr) == (1, True)

    signed = algotrade("sign", ALGOTRADE_SIGNING_KEY=private, ALGOTRADE_DATA=data)

    assert signed.exit_code == 0, signed.output
    assert private not in signed.output
    checked = algotrade("check", bundle, ALGOTRADE_VERIFY_KEY=public)
    assert (checked.exit_code, "is unchanged and signed" in checked.stdout) == (0, True)
    (bundle / "model" / "parameters.json").write_text("{}")
    assert "was changed" in algotrade("check", bundle, ALGOTRADE_VERIFY_KEY=public).stderr


def test_a_key_that_is_there_is_not_replaced(tmp_path: Path):
    (tmp_path / "key").write_text("precious")
    answer = algotrade("new", tmp_path / "key")
    assert (answer.exit_code, (tmp_path / "key").read_text()) == (1, "precious")
    assert "already there is not replaced" in answer.stderr


@pytest.mark.parametrize(("command", "name"), [("sign", "ALGOTRADE_SIGNING_KEY"), ("check", "ALGOTRADE_VERIFY_KEY")])
def test_a_missing_or_wrong_key_is_named(bundle: Path, command: str, name: str):
    missing = algotrade(command, bundle, **{name: ""})
    assert (missing.exit_code, f"{name} is not set" in missing.stderr) == (1, True)
    wrong = algotrade(command, bundle, **{name: "hunter2"})
    assert (wrong.exit_code, name in wrong.stderr, "hunter2" in wrong.stderr) == (1, True, False)
