"""An ensemble of strategies: each runs its own book, and the equity is divided among them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, ClassVar

import numpy as np

from algotrade.domain.candles import FloatArray
from algotrade.errors import ConfigurationError
from algotrade.strategies.base import STRATEGIES, Strategy, build_strategy, starting_books
from algotrade.strategies.view import MarketView

DEFAULT_MEMBERS = ({"strategy": "momentum"}, {"strategy": "breakout"}, {"strategy": "mean_reversion"})


@dataclass(frozen=True, repr=False)
class Member:
    """A strategy and how much of the equity it gets, in proportion to the others."""

    strategy: Strategy
    weight: float = 1.0

    def __repr__(self) -> str:
        return f"{self.weight:g} x {self.strategy}"

    @property
    def description(self) -> dict[str, Any]:
        """The member as configuration gives it."""
        return {
            "strategy": self.strategy.name,
            "weight": self.weight,
            "parameters": self.strategy.parameters(),
        }


def _default_members() -> tuple[Member, ...]:
    return members_of(DEFAULT_MEMBERS)


@STRATEGIES.register("ensemble")
@dataclass(frozen=True)
class Ensemble(Strategy):
    r"""Equity divided among strategies in fixed proportions.

    .. math:: w_t = \frac{\sum_k p_k w_{t,k}}{\sum_k p_k}

    Every member decides as it would alone, on all symbols, and remembers its own weights: what one of them buys and
    another sells is not traded at all. As the sum does not tell who holds what, the ensemble keeps the books of its
    members side by side (:attr:`books`), and goes on from those.

    Parameters
    ----------
    members : sequence of mappings
        ``strategy`` (a name), ``weight`` (positive, in proportion to the others; 1 by default) and ``parameters`` (of
        that strategy). A strategy may be there twice, with other parameters.

    Raises
    ------
    ConfigurationError
        If there is no member, or one of them is not accepted.

    References
    ----------
    .. [1] Grinold, R., Kahn, R. (2000). Active Portfolio Management, 2nd edition, chapter 6: the breadth of
       independent bets.

    >>> build_strategy("ensemble", {"members": [{"strategy": "buy_and_hold"}, {"strategy": "equal_weight"}]}).books
    2
    """

    name: ClassVar[str] = "ensemble"

    members: tuple[Member, ...] = field(default_factory=_default_members)

    def __post_init__(self) -> None:
        object.__setattr__(self, "members", members_of(self.members))

    @property
    def lookback(self) -> int:
        """Rows that the neediest member reads before a decision."""
        return max(member.strategy.lookback for member in self.members)

    @property
    def shorts(self) -> bool:
        """Whether a member can be short."""
        return any(member.strategy.shorts for member in self.members)

    @property
    def books(self) -> int:
        """The books of all members."""
        return sum(member.strategy.books for member in self.members)

    def target_weights(self, view: MarketView, initial_weights: FloatArray | None = None) -> FloatArray:
        """Weights of shape ``(len(view), symbols)``; ``initial_weights`` are those of the books, a row each."""
        return self.combined(self.book_weights(view, initial_weights))

    def book_weights(self, view: MarketView, initial_books: FloatArray | None = None) -> FloatArray:
        """Weights of the members' books, each as of the whole equity; see :meth:`Strategy.book_weights`."""
        held = starting_books(view, self.books, initial_books)
        parts = [member.strategy.book_weights(view, held[rows]) for member, rows in self._rows()]
        return np.concatenate(parts, axis=1)

    def combined(self, books: FloatArray) -> FloatArray:
        """Target weights of the weights of the books, each member's in its proportion of the equity."""
        total = sum(member.weight for member in self.members)
        parts = [member.weight / total * member.strategy.combined(books[:, rows]) for member, rows in self._rows()]
        return np.asarray(np.sum(parts, axis=0))

    def parameters(self) -> dict[str, Any]:
        """Parameter values by name, the members as configuration gives them."""
        return {"members": [member.description for member in self.members]}

    def _rows(self) -> list[tuple[Member, slice]]:
        """Each member with the rows of its books."""
        ends = np.cumsum([member.strategy.books for member in self.members]).tolist()
        starts = [0, *ends[:-1]]
        return [(member, slice(*span)) for member, *span in zip(self.members, starts, ends, strict=True)]


def members_of(given: object) -> tuple[Member, ...]:
    """Members as configuration gives them, or as they already are.

    Raises
    ------
    ConfigurationError
        If there is none, or one of them is not accepted.
    """
    if not isinstance(given, Sequence) or isinstance(given, str) or not given:
        raise ConfigurationError(
            f"Parameter 'members' of strategy 'ensemble' must be a list of at least one strategy; found {given!r}. "
            f"{_EXAMPLE}"
        )
    return tuple(each if isinstance(each, Member) else _member(each) for each in given)


def _member(given: object) -> Member:
    if not isinstance(given, Mapping) or not {"strategy"} <= set(given) <= {"strategy", "weight", "parameters"}:
        raise ConfigurationError(
            f"A member of strategy 'ensemble' is {given!r}. It must name its strategy, and may have a weight and "
            f"parameters. {_EXAMPLE}"
        )
    weight = given.get("weight", 1.0)
    if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not isfinite(weight) or weight <= 0.0:
        raise ConfigurationError(
            f"The weight of {given['strategy']!r} in strategy 'ensemble' must be a positive number; found {weight!r}. "
            "Leave a member out rather than give it no weight."
        )
    return Member(build_strategy(str(given["strategy"]), given.get("parameters")), float(weight))


_EXAMPLE = (
    "For example: members: [{strategy: momentum, weight: 2}, {strategy: breakout, parameters: {entry_window: 72}}]."
)
