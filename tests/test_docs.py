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


@pytest.mark.parametrize(
    ("page", "laws", "plug_in"),
    [
        ("add-a-feature", "test_features", "close_pressure"),
        ("add-a-model", "test_models", "centroids"),
        ("add-a-strategy", "test_strategies", "losing_streak"),
        ("choose-labels-and-folds", "test_labels", "open_to_close"),
        ("select-features-and-add-factors", "test_extractors", "projection"),
    ],
)
def test_the_plug_in_of_a_how_to_keeps_the_laws(page: str, laws: str, plug_in: str, tmp_path: Path):
    code = re.search(r"```python\n(.*?)```", (ROOT / "docs" / "how-to" / f"{page}.md").read_text(), re.DOTALL)
    assert code is not None
    (tmp_path / "shown_plug_in.py").write_text(code[1])
    program = (
        "import sys, pytest, shown_plug_in\n"
        f"sys.exit(pytest.main(['-q', '-p', 'no:cacheprovider', 'tests/contracts/{laws}.py', '-k', '{plug_in}']))"
    )
    tested = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ["PYTHONPATH"]])},
        check=False,
    )
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert " passed" in tested.stdout
