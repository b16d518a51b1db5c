"""Parameters that carry their range and the values worth trying beside their default."""

import math
from dataclasses import Field, field
from typing import Any, TypeVar

from algotrade.errors import ConfigurationError

Value = TypeVar("Value", int, float)


def parameter(default: Value, *, between: tuple[float, float], search: tuple[Value, ...] = ()) -> Value:
    """Dataclass field of a strategy's number.

    Parameters
    ----------
    default : int or float
        An integer default makes the parameter a whole number.
    between : tuple of two floats
        Smallest and largest accepted value.
    search : tuple, optional
        Values that a sweep compares.
    """
    result: Value = field(default=default, metadata={"between": between, "search": search})
    return result


def checked_parameter(owner: str, declared: "Field[Any]", value: object) -> None:
    """Refuse a value of the wrong type or outside the declared range.

    Raises
    ------
    ConfigurationError
        Naming the owner, the parameter, what was found and what is accepted.
    """
    whole = isinstance(declared.default, int)
    low, high = declared.metadata["between"]
    fits = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
    if not fits or not math.isfinite(float(str(value))) or not low <= float(str(value)) <= high:
        kind = "a whole number" if whole else "a number"
        raise ConfigurationError(
            f"Parameter {declared.name!r} of strategy {owner!r} must be {kind} from {low:g} to {high:g}; "
            f"found {value!r}."
        )
