from collections.abc import Iterator
from pathlib import Path

import pytest

from .desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk with the keys that the test makes before it opens."""
    made = Desk(tmp_path)
    yield made
    if hasattr(made, "trail"):
        made.close()
