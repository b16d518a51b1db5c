"""The contract of a strategy, and the registry that finds every one."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, fields
from itertools import product
from typing import Any, ClassVar

import numpy as np

from algotrade.domain.candles import FloatArray
from algotrade.errors import ConfigurationError, StrategyError
from algotrade.registry import Registry
from algotrade.strategies.parameters import checked_parameter
from algotrade.strategies.view import MarketView

STRATEGIES: Registry[type["Strategy"]] = Registry("strategy", package="algotrade.strategies")
"""Every strategy class by the name that configuration uses."""


@dataclass(frozen=True)
class Strategy(ABC):
    """Target weights that row by row say where to be, decided at the close of each candle.

    A subclass is a frozen dataclass whose fields are its parameters, each declared with
    :func:`~algotrade.strategies.parameters.parameter`. It keeps two laws:

    causal
        The weights of row *t* depend on rows up to *t* and on the initial weights, on nothing else.
    resumable
        The weights targeted one row earlier are its whole memory. Splitting the history anywhere,
        giving the second part ``lookback`` rows of context (``view.since``) and the last weights of
        the first part, returns the same weights.

    Most strategies keep one book. One whose weights do not tell what it remembers (two members of an
    ensemble may hold the opposite of each other) keeps ``books`` of them: it overrides
    :meth:`book_weights`, and the weights of its books one row earlier are its whole memory.

    Raises
    ------
    ConfigurationError
        If a parameter has another type than declared or lies outside its range.
    """

    name: ClassVar[str]

    def __post_init__(self) -> None:
        for field in fields(self):
            checked_parameter(self.name, field, getattr(self, field.name))

    @property
    @abstractmethod
    def lookback(self) -> int:
        """Rows before the first decision that its weights may depend on."""

    @abstractmethod
    def target_weights(self, view: MarketView, initial_weights: FloatArray | None = None) -> FloatArray:
        """Fraction of equity to hold in each symbol after each decision.

        Parameters
        ----------
        view : MarketView
            The first ``view.warmup`` rows are context and get no decision.
        initial_weights : ndarray of shape (symbols,), optional
            Weights targeted just before the first decision; nothing held by default. Of shape
            ``(books, symbols)`` where the strategy keeps several books.

        Returns
        -------
        ndarray of shape (len(view), symbols)
            In [-1, 1], absolute sum at most 1, never NaN. Where a symbol has no candle or no signal
            the previous weight stays: a gap is no reason to trade, and none could be filled.

        Raises
        ------
        StrategyError
            If the view lacks what the strategy decides on, or the initial weights do not fit.
        """

    @property
    def shorts(self) -> bool:
        """Whether a weight can be negative; a spot account cannot hold those."""
        return False

    @property
    def books(self) -> int:
        """Parts of which it remembers the weights apart."""
        return 1

    def book_weights(self, view: MarketView, initial_books: FloatArray | None = None) -> FloatArray:
        """Weights of each book after each decision: what has to be kept to go on from there.

        Parameters
        ----------
        view : MarketView
        initial_books : ndarray of shape (books, symbols), optional
            The last ones that this method returned.

        Returns
        -------
        ndarray of shape (len(view), books, symbols)
            :meth:`combined` makes the target weights of them.

        Raises
        ------
        StrategyError
            As :meth:`target_weights` does.
        """
        held = None if initial_books is None else starting_books(view, self.books, initial_books)[0]
        return self.target_weights(view, held)[:, None, :]

    def combined(self, books: FloatArray) -> FloatArray:
        """Target weights of shape ``(n, symbols)`` of the weights of the books: their sum."""
        return np.asarray(books.sum(axis=1))

    @classmethod
    def search_space(cls) -> dict[str, tuple[Any, ...]]:
        """Parameter values worth comparing, by parameter; empty where there is nothing to choose."""
        return {field.name: field.metadata["search"] for field in _parameters(cls) if field.metadata.get("search")}

    @classmethod
    def variants(cls) -> Iterator["Strategy"]:
        """One strategy for every combination of the search space."""
        space = cls.search_space()
        for values in product(*space.values()):
            yield cls(**dict(zip(space, values, strict=True)))

    def parameters(self) -> dict[str, Any]:
        """Parameter values by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def __str__(self) -> str:
        return f"{self.name}({', '.join(f'{name}={value}' for name, value in self.parameters().items())})"


def _parameters(strategy: type[Strategy]) -> tuple["Field[Any]", ...]:
    return fields(strategy)


def starting_weights(view: MarketView, initial_weights: FloatArray | None) -> FloatArray:
    """Copy of the initial weights, shape ``(symbols,)``; zeros where none are given.

    Raises
    ------
    StrategyError
        If their shape is not ``(symbols,)`` or one of them is NaN or infinite.
    """
    symbols = len(view.panel.symbols)
    if initial_weights is None:
        return np.zeros(symbols)
    weights = np.array(initial_weights, dtype=np.float64)
    if weights.shape != (symbols,) or not np.isfinite(weights).all():
        raise StrategyError(
            f"Initial weights must be {symbols} finite numbers, one a symbol; found {weights.tolist()}. "
            "Pass the last row that the strategy returned, or nothing when no position is held."
        )
    return weights


def starting_books(view: MarketView, books: int, initial_books: FloatArray | None) -> FloatArray:
    """Copy of the initial weights of every book, shape ``(books, symbols)``; zeros where none are given.

    Raises
    ------
    StrategyError
        If their shape is not ``(books, symbols)`` or one of them is NaN or infinite.
    """
    shape = (books, len(view.panel.symbols))
    if initial_books is None:
        return np.zeros(shape)
    weights = np.array(initial_books, dtype=np.float64)
    if weights.shape != shape or not np.isfinite(weights).all():
        raise StrategyError(
            f"Initial weights must be finite and of shape {shape}, a row for each book of the strategy; found "
            f"{weights.tolist()}. Pass the last ones that book_weights returned, or nothing when no position is held."
        )
    return weights


def build_strategy(name: str, parameters: Mapping[str, Any] | None = None) -> Strategy:
    """Strategy of a name and its parameters, as configuration gives them.

    Parameters
    ----------
    name : str
        A key of :data:`STRATEGIES`.
    parameters : mapping, optional
        Parameter values by name; the others keep their defaults.

    Raises
    ------
    ConfigurationError
        If the name or a parameter is unknown, or a value is not accepted.

    >>> build_strategy("momentum", {"window": 24}).parameters()["window"]
    24
    >>> build_strategy("buy_and_hold", {"window": 24})
    Traceback (most recent call last):
    algotrade.errors.ConfigurationError: Unknown parameter 'window' of strategy 'buy_and_hold'. It has no parameters.
    """
    strategy = STRATEGIES[name]
    given = dict(parameters or {})
    known = [field.name for field in fields(strategy)]
    unknown = sorted(set(given) - set(known))
    if unknown:
        accepted = f"Known are: {', '.join(known)}." if known else "It has no parameters."
        raise ConfigurationError(f"Unknown parameter {unknown[0]!r} of strategy {name!r}. {accepted}")
    return strategy(**given)
