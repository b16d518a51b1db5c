"""Configuration becomes a type at the door: an unknown key or a wrong value is an error that helps."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

from pydantic import ConfigDict, ValidationError

from algotrade.errors import ConfigurationError

T = TypeVar("T")

STRICT = ConfigDict(extra="forbid")
"""Configuration of every settings dataclass of this package."""


def parse_settings(settings_type: type[T], values: Mapping[str, Any], owner: str) -> T:
    """Return ``values`` as the settings dataclass ``settings_type``.

    Parameters
    ----------
    settings_type : type
        A frozen pydantic dataclass.
    values : mapping of str
    owner : str
        Whose settings these are, as it should read in an error ("model lstm").

    Raises
    ------
    ConfigurationError
        If a key is unknown (the known ones are named) or a value is not accepted.
    """
    known = {field.name for field in fields(settings_type)}  # type: ignore[arg-type]  # T is always a dataclass
    unknown = sorted(set(values) - known)
    if unknown:
        raise ConfigurationError(
            f"Unknown settings of {owner}: {', '.join(unknown)}. Known are: {', '.join(sorted(known)) or 'none'}."
        )
    try:
        return settings_type(**values)
    except ValidationError as error:
        complaints = "; ".join(
            f"{'.'.join(map(str, item['loc']))} = {item['input']!r}: {item['msg']}" for item in error.errors()
        )
        raise ConfigurationError(f"Settings of {owner} are not accepted: {complaints}.") from error
