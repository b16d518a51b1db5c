"""Machine code is kept where no change of any kernel finds it again."""

from pathlib import Path

import numba
import pytest

from algotrade.features import compilation, kernels


def double(number: float) -> float:
    return 2.0 * number


def test_the_digest_changes_with_any_kernel_and_with_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "sums.py").write_text("import x\n\n@compiled\ndef one(): ...\n")
    (tmp_path / "ranks.py").write_text("import x\n\n@reordered\ndef two(): ...\n")
    before = compilation.sources_digest(tmp_path)
    (tmp_path / "volatility.py").write_text("THREE = 3\n")
    assert compilation.sources_digest(tmp_path) == before
    (tmp_path / "ranks.py").write_text("import x\n\n@reordered\ndef two(): return 2\n")
    assert compilation.sources_digest(tmp_path) != before


def test_machine_code_lies_in_a_folder_of_the_present_kernels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    assert compilation.compiled(double)(2.0) == 4.0
    digest = compilation.sources_digest(Path(kernels.__file__).parent)
    assert list((tmp_path / f"kernels-{digest}").rglob("*.nbi"))
    assert str(tmp_path) == numba.config.CACHE_DIR, "that of other libraries stays"
