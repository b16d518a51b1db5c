"""Parameters that carry their range and the values worth trying beside their default."""

import math
from dataclasses import Field, field
from typing import Any, TypeVar

from algotrade.errors import ConfigurationError

Value = TypeVar("Value", bool, int, float)


def parameter(default: Value, *, between: tuple[float, float] = (0, 1), search: tuple[Value, ...] = ()) -> Value:
    """Dataclass field of a strategy's number or switch.

    Parameters
    ----------
    default : int, float or bool
        An integer default makes the parameter a whole number, a boolean one a switch.
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
    if "between" not in declared.metadata:
        raise ConfigurationError(
            f"Parameter {declared.name!r} of strategy {owner!r} does not say what it accepts. "
            "Declare it as parameter(default, between=(low, high))."
        )
    if isinstance(declared.default, bool):
        if not isinstance(value, bool):
            raise ConfigurationError(
                f"Parameter {declared.name!r} of strategy {owner!r} must be true or false; found {value!r}."
            )
        return
    whole = isinstance(declared.default, int)
    low, high = declared.metadata["between"]
    fits = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
    if not fits or not math.isfinite(float(str(value))) or not low <= float(str(value)) <= high:
        kind = "a whole number" if whole else "a number"
        raise ConfigurationError(
            f"Parameter {declared.name!r} of strategy {owner!r} must be {kind} from {low:g} to {high:g}; "
            f"found {value!r}."
        )
