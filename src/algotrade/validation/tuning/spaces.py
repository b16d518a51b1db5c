"""What a search may set: for each family the lowest and highest value of each of its settings."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from pydantic.dataclasses import dataclass as settings_dataclass

from algotrade.errors import ConfigurationError
from algotrade.models.base import MODELS, build_model
from algotrade.models.configuration import STRICT, parse_settings


@settings_dataclass(frozen=True, config=STRICT)
class Range:
    """The values between two, both included.

    Attributes
    ----------
    low, high : float
    log : bool
        Whether orders of magnitude are tried evenly.
    """

    low: float
    high: float
    log: bool = False


SPACES: Mapping[str, Mapping[str, Range]] = {
    "lightgbm": {
        "num_leaves": Range(4, 63, log=True),
        "learning_rate": Range(0.01, 0.15, log=True),
        "min_data_in_leaf": Range(20, 2000, log=True),
        "feature_fraction": Range(0.3, 1.0),
        "bagging_fraction": Range(0.4, 1.0),
        "lambda_l2": Range(0.01, 100.0, log=True),
    },
    "logistic": {"penalty": Range(1e-5, 1.0, log=True)},
    "ridge": {"penalty": Range(1e-3, 100.0, log=True)},
    "lstm": {
        "units": Range(8, 64, log=True),
        "dropout": Range(0.0, 0.5),
        "learning_rate": Range(5e-4, 1e-2, log=True),
    },
}
"""The families that can be searched, and their ranges unless the configuration has others."""
_NOT_SEARCHED: Mapping[str, str] = {
    "seed": "the best of several seeds is luck",
    "num_threads": "it belongs to the machine",
    "history": "it decides which rows are samples at all",
    "horizon": "it decides what is forecast",
    "max_bin": "all trials share the bins",
}


@dataclass(frozen=True)
class Space:
    """The searched settings of one family.

    Attributes
    ----------
    ranges : mapping of str to Range
    whole : frozenset of str
        Those that take whole numbers only.
    """

    ranges: Mapping[str, Range]
    whole: frozenset[str]

    def nearest(self, settings: Any) -> dict[str, Any]:
        """Values of ``settings``, moved to the nearest that the search may try."""
        return {name: self._value(name, getattr(settings, name)) for name in self.ranges}

    def to_json(self) -> dict[str, Any]:
        """Everything that makes this space another one."""
        return {name: {**asdict(limits), "whole": name in self.whole} for name, limits in sorted(self.ranges.items())}

    def _value(self, name: str, value: float) -> float:
        inside = min(max(value, self.ranges[name].low), self.ranges[name].high)
        return int(inside) if name in self.whole else float(inside)


def search_space(family: str, settings: Mapping[str, Any], changes: Mapping[str, Range | None] | None = None) -> Space:
    """The space of a family with what the configuration changes in it; ``None`` takes a setting out of the search.

    Parameters
    ----------
    family : str
    settings : mapping
        Of the model, as configured.
    changes : mapping of str to Range or None, optional

    Raises
    ------
    ConfigurationError
        If the family cannot be searched, a name is not one of its settings, or a range is empty or not accepted.

    >>> search_space("logistic", {}).ranges["penalty"].high
    1.0
    """
    if family not in SPACES:
        raise ConfigurationError(
            f"There is no search space for {family!r}. Known are: {', '.join(sorted(SPACES))}. "
            "Take it out of training.tuning.families."
        )
    base = build_model(family, settings).settings
    given = changes or {}
    _refuse_unknown(family, base, given)
    ranges = {name: limits for name, limits in {**SPACES[family], **given}.items() if limits is not None}
    for name, limits in ranges.items():
        _check(family, name, limits, base)
    whole = frozenset(name for name in ranges if isinstance(getattr(base, name), int))
    if not ranges:
        raise ConfigurationError(
            f"Nothing is left to search for {family}. Leave a range in training.tuning.spaces.{family}, "
            "or take the family out of training.tuning.families."
        )
    return Space(ranges, whole)


def _refuse_unknown(family: str, base: Any, given: Mapping[str, Range | None]) -> None:
    numbers = [
        field.name
        for field in fields(base)
        if field.name not in _NOT_SEARCHED and type(getattr(base, field.name)) in (int, float)
    ]
    for name in given:
        if name not in numbers:
            why = f" is not searched: {_NOT_SEARCHED[name]}" if name in _NOT_SEARCHED else " is no number that it sets"
            raise ConfigurationError(
                f"training.tuning.spaces.{family}.{name}{why}. Known are: {', '.join(sorted(numbers))}."
            )


def _check(family: str, name: str, limits: Range, base: Any) -> None:
    where = f"training.tuning.spaces.{family}.{name}"
    if limits.low > limits.high:
        raise ConfigurationError(f"{where} is from {limits.low:g} to {limits.high:g}. Give the lower value as `low`.")
    if limits.log and limits.low <= 0:
        raise ConfigurationError(
            f"{where} starts at {limits.low:g} on a logarithmic scale. Start above zero, or set `log` to false."
        )
    if isinstance(getattr(base, name), int) and not (limits.low.is_integer() and limits.high.is_integer()):
        raise ConfigurationError(f"{where} is from {limits.low:g} to {limits.high:g}. It takes whole numbers.")
    for value in (limits.low, limits.high):
        parse_settings(MODELS[family].settings_type, {**asdict(base), name: value}, f"search space {family}")
