"""A regime is known when its candle closes."""

from dataclasses import replace

import numpy as np

from algotrade.domain.candles import to_milliseconds
from algotrade.validation import FoldSettings, TrainingData, walk_forward_folds
from algotrade.validation.regimes import REGIMES, market_regimes

NAMES = ("signal", "realised_volatility_48", "noise_2", "noise_3")


def with_volatility(data: TrainingData, values: np.ndarray) -> TrainingData:
    samples = data.labelled.samples
    features = samples.features.copy()
    features[samples.ends, 1] = values
    labelled = replace(data.labelled, samples=replace(samples, features=features))
    return replace(data, labelled=labelled, feature_names=NAMES)


def folds_of(data: TrainingData):
    return walk_forward_folds(data.open_time, data.known_at, data.timeframe.milliseconds, FoldSettings(folds=3))


def test_thirds_of_what_came_before_decide(unpredictable):
    folds = folds_of(unpredictable)
    random = np.random.default_rng(0)
    regimes = market_regimes(with_volatility(unpredictable, random.random(len(unpredictable))), folds)
    assert tuple(sorted(REGIMES)) == REGIMES, "tables sort them by name"
    shares = regimes["regime"].value_counts(normalize=True)
    assert set(shares.index) == set(REGIMES)
    assert shares.between(0.25, 0.42).all()
    times = to_milliseconds(regimes["open_time"])
    assert times.min() == folds[0].test_start
    assert len(np.unique(times)) == len(times)


def test_a_test_span_wilder_than_all_before_is_wild_throughout(unpredictable):
    folds = folds_of(unpredictable)
    values = np.where(unpredictable.open_time >= folds[0].test_start, 5.0, 1.0)
    values += 0.1 * np.random.default_rng(0).random(len(values))
    regimes = market_regimes(with_volatility(unpredictable, values), folds)
    first = to_milliseconds(regimes["open_time"]) < folds[0].test_end
    assert set(regimes.loc[first, "regime"]) == {"wild"}


def test_no_regime_depends_on_what_comes_after_it(unpredictable):
    folds = folds_of(unpredictable)
    values = np.random.default_rng(0).random(len(unpredictable))
    before = market_regimes(with_volatility(unpredictable, values), folds)
    moment = folds[1].test_start
    changed = np.where(unpredictable.open_time >= moment, 100.0, values)
    after = market_regimes(with_volatility(unpredictable, changed), folds)
    earlier = to_milliseconds(before["open_time"]) < moment
    assert before[earlier].equals(after[earlier])
    assert not before.equals(after)


def test_without_a_feature_that_measures_volatility_there_are_none(unpredictable):
    assert market_regimes(unpredictable, folds_of(unpredictable)) is None
