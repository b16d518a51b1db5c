"""Principal components: the directions in which the features move together most."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from pydantic import PositiveFloat, PositiveInt
from pydantic.dataclasses import dataclass as settings_dataclass
from scipy.linalg import eigh

from algotrade.domain.candles import FloatArray
from algotrade.models.configuration import STRICT
from algotrade.models.preparation.base import EXTRACTORS
from algotrade.models.preparation.encoder import Encoder, EncoderExtractor
from algotrade.models.standardisation import Standardiser


@settings_dataclass(frozen=True, config=STRICT)
class PcaSettings:
    """Settings of the principal components.

    Attributes
    ----------
    count : int
        Components, those of most variance first.
    limit : float
        Standardised features are cut at this absolute value.
    """

    count: PositiveInt = 4
    limit: PositiveFloat = 5.0


@EXTRACTORS.register("pca")
@dataclass(frozen=True)
class Pca(EncoderExtractor):
    r"""Scores on the leading principal components of the standardised features.

    .. math:: f_j = \sum_i \frac{z_i - \bar z_i}{s_i} v_{ij}, \qquad C v_j = \lambda_j v_j, \quad
        \lambda_1 \ge \lambda_2 \ge \ldots

    with :math:`z` the features standardised by median and interquartile range and cut, :math:`\bar z, s` their
    mean and standard deviation and :math:`C` their correlation matrix, all of the training rows. The largest
    loading of each component is positive. A missing feature counts as its median; unit: standard deviations
    of one feature, times the root of how many features the component moves.

    References
    ----------
    .. [1] Jolliffe, I. (2002). Principal component analysis. Springer.
    """

    settings: PcaSettings = field(default_factory=PcaSettings)

    name: ClassVar[str] = "pca"
    settings_type: ClassVar[type[PcaSettings]] = PcaSettings

    def learn(self, rows: FloatArray) -> Encoder:
        """Take the eigenvectors of the correlation matrix of the training rows."""
        standardiser = Standardiser.fit(rows, self.settings.limit)
        standardised = standardiser.transform(rows)
        mean, spread = standardised.mean(axis=0), standardised.std(axis=0)
        # A feature that never moves has no correlation, and no say.
        varies = spread > 0
        normal = (standardised - mean) / np.where(varies, spread, 1.0)
        correlation = normal.T @ normal / len(normal)
        width = len(correlation)
        variances, vectors = eigh(correlation, subset_by_index=(width - self.settings.count, width - 1))
        weights = vectors[:, ::-1] / np.where(varies, spread, 1.0)[:, None]
        total = float(varies.sum())
        explained = float(variances.clip(0.0).sum() / total) if total else 0.0
        layer = (np.ascontiguousarray(weights), -(mean @ weights))
        return Encoder(standardiser, (layer,), bounded=False, explained=explained)
