"""What all sections of the parameters share: types, and errors that name what is known."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from typing import Any, ClassVar, Self, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError

from algotrade.errors import ConfigurationError


class Parameters(BaseModel):
    """One section of the parameters."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    section: ClassVar[str]

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Self:
        """Typed parameters from the values of a section.

        Raises
        ------
        ConfigurationError
            If a key is unknown (the known ones are named) or a value is not accepted.
        """
        refuse_unknown(f"parameter of {cls.section}", values, tuple(cls.model_fields))
        for name, field in cls.model_fields.items():
            settings, given = _settings_type(field.annotation), values.get(name)
            if is_dataclass(settings) and isinstance(given, Mapping):
                known = tuple(own.name for own in fields(settings))
                refuse_unknown(f"parameter of {cls.section}.{name}", given, known)
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join((cls.section, *(str(part) for part in first["loc"])))
            raise ConfigurationError(
                f"Parameter {where} is {first['input']!r}: {first['msg']}. Change it in conf/ or with --params."
            ) from error


def _settings_type(annotation: Any) -> Any:
    """The settings of a section that may be none."""
    if get_origin(annotation) is dict:
        return annotation
    return next((kind for kind in get_args(annotation) if is_dataclass(kind)), annotation)


def refuse_unknown(kind: str, given: Mapping[str, Any], known: tuple[str, ...]) -> None:
    """Raise a ConfigurationError for the first name that is not known, with the nearest one that is."""
    for name in given:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise ConfigurationError(f"Unknown {kind} {name!r}.{hint} Known are: {', '.join(known)}.")
