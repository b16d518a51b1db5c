"""From a row of features to a few numbers: standardised, then through one or more dense layers."""

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numba import njit

from algotrade.domain.candles import FloatArray
from algotrade.errors import ModelError
from algotrade.models.preparation.base import Extractor
from algotrade.models.standardisation import Standardiser

Layer = tuple[FloatArray, FloatArray]
"""Weights of shape ``(inputs, outputs)`` and bias of shape ``(outputs,)``."""


@dataclass(frozen=True)
class Encoder:
    r"""Standardised rows through dense layers, with a hyperbolic tangent after each if ``bounded``.

    .. math:: f = \phi(\ldots \phi(z W_1 + b_1) \ldots W_m + b_m), \qquad
        \phi = \tanh \text{ if bounded, else the identity}

    Products are summed up row by row in a fixed order, so that a row has the same factors to the last bit
    whether it comes alone or among many. (A BLAS orders its sums by the shape of the matrix.)

    Attributes
    ----------
    standardiser : Standardiser
    layers : tuple of Layer
    bounded : bool
    explained : float
        Share of the variance of the standardised training rows that the factors reproduce.
    """

    standardiser: Standardiser
    layers: tuple[Layer, ...]
    bounded: bool
    explained: float

    def __call__(self, rows: FloatArray) -> FloatArray:
        """Factors of rows of shape ``(n, F)``, shape ``(n, k)``.

        Raises
        ------
        ModelError
            If the rows have another number of features.
        """
        first, *others = self.layers
        scale = self.standardiser
        # The compiled loops below do not look where they read.
        if rows.shape[1] != len(first[0]):
            raise ModelError(
                f"An encoder of {len(first[0])} features cannot read rows of {rows.shape[1]}. "
                "Give it the columns that it was fitted on, in their order."
            )
        factors = _standardised_product(np.ascontiguousarray(rows), scale.centre, scale.scale, scale.limit, *first)
        for weights, bias in others:
            factors = _product(np.tanh(factors), weights, bias)
        return np.asarray(np.tanh(factors)) if self.bounded else factors

    def loadings(self) -> FloatArray:
        """Product of the layers' weights: the factors' slopes where the tangents are steepest, ``(F, k)``."""
        product = self.layers[0][0]
        for weights, _ in self.layers[1:]:
            product = product @ weights
        return product

    def signed(self) -> "Encoder":
        """The same factors, each turned so that its largest loading in absolute value is positive.

        What a factor is called up or down in is otherwise an accident of the numerics.
        """
        loadings = self.loadings()
        largest = np.abs(loadings).argmax(axis=0)
        signs = np.where(loadings[largest, np.arange(loadings.shape[1])] < 0, -1.0, 1.0)
        weights, bias = self.layers[-1]
        layers = (*self.layers[:-1], (np.ascontiguousarray(weights * signs), bias * signs))
        return Encoder(self.standardiser, layers, self.bounded, self.explained)

    def to_json(self) -> dict[str, Any]:
        """Numbers as JSON keeps them exactly."""
        return {
            "standardiser": self.standardiser.to_json(),
            "layers": [{"weights": weights.tolist(), "bias": bias.tolist()} for weights, bias in self.layers],
            "bounded": self.bounded,
            "explained": self.explained,
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "Encoder":
        """Inverse of ``to_json``."""
        layers = tuple((np.array(layer["weights"]), np.array(layer["bias"])) for layer in content["layers"])
        return cls(Standardiser.from_json(content["standardiser"]), layers, content["bounded"], content["explained"])


@dataclass(frozen=True)
class EncoderExtractor(Extractor):
    """An extractor whose factors come out of an ``Encoder``: it only has to learn one."""

    encoder: Encoder | None = None

    @abstractmethod
    def learn(self, rows: FloatArray) -> Encoder:
        """Encoder for training rows of shape ``(n, F)``; the signs of its factors do not matter."""

    def fit(self, rows: FloatArray, names: tuple[str, ...]) -> Self:
        """Fitted copy, with the largest loading of each factor positive."""
        self.refuse_too_few(rows, names)
        return replace(self, encoder=self.learn(rows).signed())

    def transform(self, rows: FloatArray) -> FloatArray:
        """Factors of each row."""
        return self._fitted(rows)

    def loadings(self) -> FloatArray:
        """Product of the encoder's weights."""
        return self._fitted.loadings()

    @property
    def explained(self) -> float:
        """Share of the variance of the standardised training rows that the factors reproduce."""
        return self._fitted.explained

    def to_json(self) -> dict[str, Any]:
        """Numbers of the encoder."""
        return self._fitted.to_json()

    @classmethod
    def from_json(cls, settings: Any, content: dict[str, Any]) -> Self:
        """Inverse of ``to_json``."""
        return cls(settings, Encoder.from_json(content))

    @property
    def _fitted(self) -> Encoder:
        if self.encoder is None:
            raise self.not_fitted()
        return self.encoder


def explained_share(rows: FloatArray, reproduced: FloatArray) -> float:
    """Share of the variance of ``rows`` that is in ``reproduced``, both of shape ``(n, F)``; 0 where there is none."""
    total = float(rows.var(axis=0).sum())
    return 1.0 - float(((rows - reproduced) ** 2).mean(axis=0).sum()) / total if total > 0 else 0.0


@njit(cache=True, nogil=True)
def _standardised_product(
    rows: FloatArray, centre: FloatArray, scale: FloatArray, limit: float, weights: FloatArray, bias: FloatArray
) -> FloatArray:
    """``Standardiser.transform(rows) @ weights + bias`` in one pass, without the standardised copy."""
    result = np.empty((rows.shape[0], len(bias)))
    for row in range(rows.shape[0]):
        result[row] = bias
        for column in range(rows.shape[1]):
            value = (rows[row, column] - centre[column]) / scale[column]
            if not np.isnan(value):
                value = min(max(value, -limit), limit)
                for factor in range(len(bias)):
                    result[row, factor] += value * weights[column, factor]
    return result


@njit(cache=True, nogil=True)
def _product(rows: FloatArray, weights: FloatArray, bias: FloatArray) -> FloatArray:
    result = np.empty((rows.shape[0], len(bias)))
    for row in range(rows.shape[0]):
        result[row] = bias
        for column in range(rows.shape[1]):
            for factor in range(len(bias)):
                result[row, factor] += rows[row, column] * weights[column, factor]
    return result
