"""What every extractor is: it learns a few factors from training rows and gives them for any row."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

from algotrade.domain.candles import FloatArray
from algotrade.errors import ModelError
from algotrade.models.configuration import parse_settings
from algotrade.registry import Registry

FACTOR_FAMILY = "custom"
"""Family of the features that models derive from the others."""


@dataclass(frozen=True)
class Extractor(ABC):
    """A few numbers that sum up many features of one row; a value, fitted or not.

    The factors of a row depend on that row and on what was fitted, on nothing else: not on how many rows are
    asked for at once, to the last bit. A missing feature (NaN) counts as the median of the training rows.

    Attributes
    ----------
    settings : frozen dataclass of type ``settings_type``
        With ``count``, the number of factors.
    name : str
        Under which ``EXTRACTORS`` has it.
    """

    settings: Any

    name: ClassVar[str]
    settings_type: ClassVar[type[Any]]

    @property
    def factor_names(self) -> tuple[str, ...]:
        """Names of the factors in the order of their columns, such as ``pca_1``."""
        return tuple(f"{self.name}_{number}" for number in range(1, self.settings.count + 1))

    @abstractmethod
    def fit(self, rows: FloatArray, names: tuple[str, ...]) -> Self:
        """Fitted copy.

        Parameters
        ----------
        rows : ndarray of float64, shape ``(n, F)``
            Training rows.
        names : tuple of str, length ``F``
            What an error calls the columns.

        Raises
        ------
        ModelError
            If the rows cannot carry that many factors.
        """

    @abstractmethod
    def transform(self, rows: FloatArray) -> FloatArray:
        """Factors of rows of shape ``(n, F)``, finite, shape ``(n, count)``.

        Raises
        ------
        ModelError
            If the extractor was not fitted.
        """

    @abstractmethod
    def loadings(self) -> FloatArray:
        """How each factor moves with each standardised feature, to first order, shape ``(F, count)``."""

    @property
    @abstractmethod
    def explained(self) -> float:
        """Share of the variance of the standardised training rows that the factors reproduce."""

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """What was fitted, as JSON keeps it exactly; without the settings."""

    @classmethod
    @abstractmethod
    def from_json(cls, settings: Any, content: dict[str, Any]) -> Self:
        """Inverse of ``to_json``."""

    def not_fitted(self) -> ModelError:
        """Error to raise when factors are asked of an unfitted extractor."""
        return ModelError(f"Extractor {self.name} was not fitted. Use the extractor that `fit` returns.")

    def refuse_too_few(self, rows: FloatArray, names: tuple[str, ...]) -> None:
        """Raise a ModelError if rows of shape ``(n, F)`` cannot carry ``count`` factors."""
        count = self.settings.count
        if len(rows) <= count or rows.shape[1] < count:
            shown = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
            raise ModelError(
                f"{self.name} cannot make {count} factors of {len(rows)} training rows with {rows.shape[1]} features "
                f"({shown or 'none'}). Lower training.preparation.factors.count, keep more features, "
                "or fetch a longer history."
            )


EXTRACTORS: Registry[type[Extractor]] = Registry("factor extractor", package="algotrade.models.preparation")
"""The extractors, by name."""


def build_extractor(settings: Mapping[str, Any]) -> Extractor:
    """Unfitted extractor of its configuration, ``{"kind": name, ...its settings}``.

    Raises
    ------
    ConfigurationError
        If the kind or a setting is not known, or a value is not accepted.

    >>> build_extractor({"kind": "pca", "count": 2}).factor_names
    ('pca_1', 'pca_2')
    """
    own = {name: value for name, value in settings.items() if name != "kind"}
    kind = EXTRACTORS[settings.get("kind", "")]
    return kind(parse_settings(kind.settings_type, own, f"factor extractor {kind.name}"))


def extractor_to_json(extractor: Extractor) -> dict[str, Any]:
    """A fitted extractor as JSON, with its kind and settings."""
    return {"kind": extractor.name, "settings": asdict(extractor.settings), "fitted": extractor.to_json()}


def extractor_from_json(content: dict[str, Any]) -> Extractor:
    """Inverse of ``extractor_to_json``."""
    kind = EXTRACTORS[content["kind"]]
    return kind.from_json(parse_settings(kind.settings_type, content["settings"], kind.name), content["fitted"])
