"""A small autoencoder: the few numbers from which a network can best write the features down again."""

import warnings
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field, PositiveFloat, PositiveInt
from pydantic.dataclasses import dataclass as settings_dataclass

from algotrade.domain.candles import FloatArray
from algotrade.models.configuration import STRICT
from algotrade.models.preparation.base import EXTRACTORS
from algotrade.models.preparation.encoder import Encoder, EncoderExtractor, explained_share
from algotrade.models.standardisation import Standardiser


@settings_dataclass(frozen=True, config=STRICT)
class AutoencoderSettings:
    """Settings of the autoencoder.

    Attributes
    ----------
    count : int
        Units of the bottleneck.
    hidden : int
        Units of the layer before it, and of the one after.
    epochs : int
        Passes over the training rows.
    batch_size : int
    learning_rate : float
    penalty : float
        Of the squared weights.
    limit : float
        Standardised features are cut at this absolute value.
    seed : int
    """

    count: PositiveInt = 4
    hidden: PositiveInt = 16
    epochs: PositiveInt = 12
    batch_size: PositiveInt = 256
    learning_rate: PositiveFloat = 3e-3
    penalty: PositiveFloat = 1e-4
    limit: PositiveFloat = 5.0
    seed: Annotated[int, Field(ge=0)] = 0


@EXTRACTORS.register("autoencoder")
@dataclass(frozen=True)
class Autoencoder(EncoderExtractor):
    r"""Activations of the bottleneck of a network that was trained to reproduce the standardised features.

    .. math:: f = \tanh(\tanh(z W_1 + b_1) W_2 + b_2), \qquad
        \min \sum_t \lVert z_t - \hat z(f_t) \rVert^2

    with :math:`z` the features standardised by median and interquartile range and cut, and :math:`\hat z` two
    more layers of the same widths, needed for training only. Trained by Adam from a seed, on all training rows
    for a fixed number of epochs: equal rows give equal factors. The largest loading of each factor is positive.
    A missing feature counts as its median; unit: -1 to 1.

    References
    ----------
    .. [1] Hinton, G., Salakhutdinov, R. (2006). Reducing the dimensionality of data with neural networks.
       Science 313.
    .. [2] Gu, S., Kelly, B., Xiu, D. (2021). Autoencoder asset pricing models. Journal of Econometrics 222(1).
    """

    settings: AutoencoderSettings = field(default_factory=AutoencoderSettings)

    name: ClassVar[str] = "autoencoder"
    settings_type: ClassVar[type[AutoencoderSettings]] = AutoencoderSettings

    def learn(self, rows: FloatArray) -> Encoder:
        """Train the network on the training rows and keep its first half."""
        standardiser = Standardiser.fit(rows, self.settings.limit)
        standardised = standardiser.transform(rows)
        network = self._trained(standardised)
        layers = tuple(
            (np.ascontiguousarray(weights), bias)
            for weights, bias in zip(network.coefs_[:2], network.intercepts_[:2], strict=True)
        )
        reproduced = np.asarray(network.predict(standardised)).reshape(standardised.shape)
        explained = explained_share(standardised, reproduced)
        return Encoder(standardiser, layers, bounded=True, explained=explained)

    def _trained(self, standardised: FloatArray) -> Any:
        from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415  # kept out of start-up
        from sklearn.neural_network import MLPRegressor  # noqa: PLC0415

        own = self.settings
        network = MLPRegressor(
            hidden_layer_sizes=(own.hidden, own.count, own.hidden),
            activation="tanh",
            solver="adam",
            alpha=own.penalty,
            batch_size=min(own.batch_size, len(standardised)),
            learning_rate_init=own.learning_rate,
            max_iter=own.epochs,
            tol=0.0,
            random_state=own.seed,
        )
        target = standardised if standardised.shape[1] > 1 else standardised[:, 0]
        with warnings.catch_warnings():
            # The number of epochs is what was asked for, not a sign of trouble.
            warnings.simplefilter("ignore", ConvergenceWarning)
            return network.fit(standardised, target)
