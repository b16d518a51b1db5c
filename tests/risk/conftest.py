"""The same small panels as those of the strategies."""

from tests.strategies.conftest import panel_of

__all__ = ["panel_of"]
