"""Plug-ins find themselves, also those of other distributions."""

import sys
from pathlib import Path

import pytest

from algotrade.errors import ConfigurationError
from algotrade.registry import Registry


@pytest.fixture
def distribution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed distribution whose entry point adds to the registry of the package ``json``."""
    information = tmp_path / "theirs-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[json]\nours = their_plug_ins\n")
    (tmp_path / "their_plug_ins.py").write_text("from tests.test_registry import SHELF\nSHELF.register('theirs')(3)\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("their_plug_ins", None)


SHELF: Registry[int] = Registry("number", package="json")


@pytest.mark.usefixtures("distribution")
def test_entry_points_of_other_distributions_are_loaded() -> None:
    assert SHELF["theirs"] == 3
    assert list(SHELF) == ["theirs"]


def test_a_name_is_given_once() -> None:
    shelf: Registry[int] = Registry("number", package="json")
    shelf.register("one")(1)
    with pytest.raises(ConfigurationError, match="Two number plug-ins are called 'one'"):
        shelf.register("one")(2)
