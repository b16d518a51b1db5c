"""The frames that figures are drawn from; an empty one gives a figure that says so."""

from dataclasses import dataclass, field

import pandas as pd

from algotrade.reporting.findings import Findings


@dataclass(frozen=True)
class QualityFrames:
    """The frames of the assessment that figures are drawn from; an empty one gives a figure that says so.

    Attributes
    ----------
    coverage : DataFrame
        ``exchange``, ``symbol``, ``time``, ``candles``, ``expected``.
    quarantined : DataFrame
        ``exchange``, ``symbol``, ``reason``, ``rows``.
    anomalies : DataFrame
        ``exchange``, ``symbol``, ``kind``, ``open_time``, ``score``.
    timeline : DataFrame
        ``exchange``, ``time``, ``compared``, ``mean_deviation_bps``, ``max_deviation_bps``, ``left_out``.
    """

    coverage: pd.DataFrame = field(default_factory=pd.DataFrame)
    quarantined: pd.DataFrame = field(default_factory=pd.DataFrame)
    anomalies: pd.DataFrame = field(default_factory=pd.DataFrame)
    timeline: pd.DataFrame = field(default_factory=pd.DataFrame)


@dataclass(frozen=True)
class ReportFrames:
    """The frames that the figures are drawn from; an empty one gives a figure that says so.

    Attributes
    ----------
    equity : DataFrame
        Long: ``strategy``, ``time``, ``equity``.
    fold_scores : DataFrame
        ``model``, ``fold``, ``accuracy``, ``auc``, and more.
    importance : DataFrame
        ``feature``, ``family``, ``importance``.
    calibration : DataFrame
        ``model``, ``bin``, ``mean_probability``, ``observed_frequency``, ``count``.
    folds : DataFrame
        ``fold``, ``symbol``, ``part``, ``before``, ``rows``, ``start``, ``end``.
    quality : QualityFrames
    features : DataFrame
        ``fold``, ``feature``, ``family``, ``importance``, ``information_coefficient``.
    paths : DataFrame
        ``model``, ``path``, ``gain``, ``auc``.
    hit_rates : DataFrame
        ``model``, ``by``, ``bucket``, ``hit_rate``, ``low``, ``high``, ``confidence``.
    explanation : DataFrame
        ``model``, ``feature``, ``family``, ``kind``, ``value``, ``low``, ``high``.
    trials : DataFrame
        ``family``, ``number``, ``state``, ``value``.
    findings : Findings
        About the strategies.
    """

    equity: pd.DataFrame = field(default_factory=pd.DataFrame)
    fold_scores: pd.DataFrame = field(default_factory=pd.DataFrame)
    importance: pd.DataFrame = field(default_factory=pd.DataFrame)
    calibration: pd.DataFrame = field(default_factory=pd.DataFrame)
    folds: pd.DataFrame = field(default_factory=pd.DataFrame)
    quality: QualityFrames = field(default_factory=QualityFrames)
    features: pd.DataFrame = field(default_factory=pd.DataFrame)
    paths: pd.DataFrame = field(default_factory=pd.DataFrame)
    hit_rates: pd.DataFrame = field(default_factory=pd.DataFrame)
    explanation: pd.DataFrame = field(default_factory=pd.DataFrame)
    trials: pd.DataFrame = field(default_factory=pd.DataFrame)
    findings: Findings = field(default_factory=Findings)
