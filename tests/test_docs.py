"""The documentation is true: its links lead somewhere, its code runs, its reference is the code's own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from algotrade.reporting.feature_catalogue import feature_catalogue
from algotrade.reporting.reference import plug_in_reference

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\((?!https?://)([^)#\s]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path):
    missing = [target for target in LINK.findall(page.read_text()) if not (page.parent / target).exists()]
    assert not missing


def test_the_reference_is_what_the_code_says():
    page = ROOT / "docs" / "reference" / "README.md"
    assert page.read_text() == plug_in_reference(), "run `algotrade reference > docs/reference/README.md`"


def test_the_catalogue_of_features_is_what_the_code_says():
    page = ROOT / "docs" / "reference" / "features.md"
    assert page.read_text() == feature_catalogue(), "run `algotrade reference --features > docs/reference/features.md`"


PLUG_INS = {
    "add-a-feature": ("test_features", "close_pressure"),
    "add-a-model": ("test_models", "centroids"),
    "add-a-strategy": ("test_strategies", "losing_streak"),
    "choose-labels-and-folds": ("test_labels", "open_to_close"),
    "select-features-and-add-factors": ("test_extractors", "projection"),
}
"""By page: the law tests that its plug-in has to meet, and the plug-in's name."""


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What the law tests say of the plug-ins of all pages, a line for each test."""
    folder = tmp_path_factory.mktemp("shown")
    for number, page in enumerate(PLUG_INS):
        code = re.search(r"```python\n(.*?)```", (ROOT / "docs" / "how-to" / f"{page}.md").read_text(), re.DOTALL)
        assert code is not None
        (folder / f"shown_plug_in_{number}.py").write_text(code[1])
    shown = ", ".join(f"shown_plug_in_{number}" for number in range(len(PLUG_INS)))
    files = [f"tests/contracts/{laws}.py" for laws, _ in PLUG_INS.values()]
    chosen = " or ".join(name for _, name in PLUG_INS.values())
    program = (
        f"import sys, pytest, {shown}\nsys.exit(pytest.main({['-v', '-p', 'no:cacheprovider', *files, '-k', chosen]}))"
    )
    tested = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(folder), os.environ["PYTHONPATH"]])},
        check=False,
    )
    assert tested.returncode in {0, 1}, tested.stdout + tested.stderr
    return tested.stdout.splitlines()


@pytest.mark.parametrize("page", PLUG_INS)
def test_the_plug_in_of_a_how_to_keeps_the_laws(page: str, judged: list[str]):
    laws, plug_in = PLUG_INS[page]
    verdicts = [line for line in judged if line.startswith(f"tests/contracts/{laws}.py::") and plug_in in line]
    assert verdicts
    assert all("PASSED" in line for line in verdicts), "\n".join(judged)
