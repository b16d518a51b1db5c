"""What is planted in training rows is found; what is not in them is not seen."""

import json
from dataclasses import replace

import numpy as np
import pytest

from algotrade.errors import ConfigurationError, ModelError
from algotrade.models import LabelledSamples, Preparation, PreparationSettings, Samples, Targets
from algotrade.models.preparation import Dropped
from algotrade.models.preparation.columns import (
    constant_columns,
    first_copies,
    information,
    rank_correlations,
    rank_scores,
    representatives,
)

NAMES = ("told", "flat", "absent", "copy", "near", "upside_down", "noise_1", "noise_2", "holes", "square")
HYGIENE = {"drop_constant": True, "drop_duplicates": True, "max_correlation": 0.97}


def planted(rows: int = 3000, seed: int = 0) -> LabelledSamples:
    random = np.random.default_rng(seed)
    values = random.standard_normal((rows, len(NAMES)))
    told = values[:, 0]
    values[:, 1], values[:, 2], values[:, 3] = 4.2, np.nan, told
    values[:, 4] = np.exp(told) + 0.01 * random.standard_normal(rows)
    values[:, 5] = -told + 0.01 * random.standard_normal(rows)
    values[:, 8] = told
    values[::10, 8] = np.nan
    returns = 0.01 * (told + 2.0 * (np.abs(values[:, 9]) - 0.8) + random.standard_normal(rows))
    return LabelledSamples(Samples(values, np.arange(rows)), Targets.of_returns(returns))


TRAINING = planted()


def fit(**settings) -> Preparation:
    return Preparation.fit(TRAINING, NAMES, PreparationSettings(**settings))


class TestSelection:
    def test_each_planted_fault_is_dropped_for_its_reason(self):
        preparation = fit(**HYGIENE)
        assert preparation.dropped == (
            Dropped("flat", "constant"),
            Dropped("absent", "constant"),
            Dropped("copy", "duplicate", "told"),
            Dropped("near", "collinear", "told"),
            Dropped("upside_down", "collinear", "told"),
        )
        # A tenth of it is missing: there it is not the same.
        assert preparation.names == ("told", "noise_1", "noise_2", "holes", "square")

    def test_each_rule_can_be_used_alone(self):
        assert [each.reason for each in fit(drop_constant=True).dropped] == ["constant"] * 2
        assert fit(drop_duplicates=True).dropped == (Dropped("copy", "duplicate", "told"),)
        assert {each.feature for each in fit(max_correlation=0.97).dropped} == {"copy", "near", "upside_down"}

    def test_of_two_near_copies_the_one_that_is_missing_less_stays(self):
        values = TRAINING.samples.features.copy()
        values[::10, 0] = values[::10, 3] = np.nan
        values[::10, 4] = np.nan
        values[1::10, 4] = np.nan
        values[:, 8] = 0.5
        training = LabelledSamples(Samples(values, TRAINING.samples.ends), TRAINING.targets)
        kept = Preparation.fit(training, NAMES, PreparationSettings(max_correlation=0.9)).kept_names
        assert "upside_down" in kept
        assert "told" not in kept

    def test_the_most_informative_are_those_that_tell_most_alone_whatever_the_shape(self):
        preparation = fit(**HYGIENE, max_features=3)
        assert preparation.names == ("told", "holes", "square")
        assert [each.reason for each in preparation.dropped].count("uninformative") == 2

    def test_asking_for_more_features_than_there_are_keeps_all(self):
        assert fit(**HYGIENE, max_features=50).names == fit(**HYGIENE).names

    def test_rows_outside_the_samples_are_not_looked_at(self):
        values = np.concatenate([TRAINING.samples.features, np.random.default_rng(4).standard_normal((500, 10))])
        longer = LabelledSamples(Samples(values, TRAINING.samples.ends), TRAINING.targets)
        settings = PreparationSettings(**HYGIENE, max_features=3, factors={"kind": "pca", "count": 2})
        assert (
            Preparation.fit(longer, NAMES, settings).to_json() == Preparation.fit(TRAINING, NAMES, settings).to_json()
        )

    def test_nothing_left_is_an_error_that_says_so(self):
        flat = LabelledSamples(Samples(np.ones((300, 10)), np.arange(300)), TRAINING.take(np.arange(300)).targets)
        with pytest.raises(ModelError, match="None of 10 features is left"):
            Preparation.fit(flat, NAMES, PreparationSettings(drop_constant=True))


class TestColumns:
    def test_a_rank_correlation_is_spearmans(self):
        from scipy.stats import spearmanr

        values = np.round(np.random.default_rng(2).standard_normal((200, 3)), 1)
        expected = np.abs(spearmanr(values).statistic)
        np.fill_diagonal(expected, 0.0)
        np.testing.assert_allclose(rank_correlations(values), expected, atol=1e-12)

    def test_missing_values_stand_at_the_median(self):
        scores = rank_scores(np.array([[1.0], [np.nan], [3.0], [2.0]]))
        assert scores[1, 0] == 0.0
        assert scores[:, 0] @ scores[:, 0] == pytest.approx(1.0)

    def test_a_chain_of_near_copies_is_not_one_cluster(self):
        chain = np.array([[0.0, 0.99, 0.5], [0.99, 0.0, 0.99], [0.5, 0.99, 0.0]])
        assert representatives(chain, np.arange(3), 0.9).tolist() == [0, 0, 2]
        assert representatives(chain, np.array([1, 0, 2]), 0.9).tolist() == [1, 1, 1]

    def test_rounding_is_no_movement_and_zero_has_one_sign(self):
        assert constant_columns(np.array([[0.1 + 0.2, 0.0], [0.3, 1e-9]])).tolist() == [True, False]
        assert first_copies(np.array([[0.0, -0.0], [1.0, 1.0]])).tolist() == [0, 0]

    def test_copies_with_other_holes_are_no_copies(self):
        assert first_copies(np.array([[1.0, np.nan], [1.0, 1.0]])).tolist() == [0, 1]

    def test_information_is_near_zero_for_noise_and_that_of_a_coin_for_the_label_itself(self):
        direction = np.random.default_rng(0).random(20_000) < 0.5
        noise = np.random.default_rng(1).standard_normal(20_000)
        told = information(np.column_stack([noise, direction]), direction)
        assert abs(told[0]) < 1e-3
        assert told[1] == pytest.approx(np.log(2), abs=1e-3)


class TestPreparation:
    def test_nothing_asked_for_is_nothing_done(self):
        preparation = fit()
        assert preparation.is_nothing
        assert preparation == Preparation.nothing(NAMES)
        assert preparation.transform(TRAINING.samples.features) is TRAINING.samples.features
        assert preparation.of(TRAINING.samples) is TRAINING.samples

    def test_kept_columns_come_first_unchanged_then_the_factors(self):
        preparation = fit(**HYGIENE, factors={"kind": "pca", "count": 2})
        assert preparation.names == ("told", "noise_1", "noise_2", "holes", "square", "pca_1", "pca_2")
        rows = TRAINING.samples.features
        prepared = preparation.transform(rows)
        np.testing.assert_array_equal(prepared[:, :5], rows[:, list(preparation.kept)])
        assert np.isfinite(prepared[:, 5:]).all()
        # What is told twice moves the first factor most.
        assert abs(np.corrcoef(prepared[:, 5], rows[:, 0])[0, 1]) > 0.9

    @pytest.mark.parametrize("factors", [None, {"kind": "pca", "count": 2}, {"kind": "autoencoder", "count": 2}])
    def test_windows_are_prepared_row_by_row_whatever_the_way_they_are_read(self, factors):
        preparation = fit(**HYGIENE, factors=factors)
        samples = preparation.of(Samples(TRAINING.samples.features, np.arange(5, 3000, 7)))
        rows = preparation.transform(TRAINING.samples.features)
        np.testing.assert_array_equal(samples.last(), rows[samples.ends])
        windows = samples.windows(4)
        np.testing.assert_array_equal(windows, Samples(rows, samples.ends).windows(4))
        np.testing.assert_array_equal(samples.take(np.arange(3)).windows(4), windows[:3])
        np.testing.assert_array_equal(next(samples.batches(5)).last(), samples.last()[:5])

    @pytest.mark.parametrize("factors", [None, {"kind": "pca", "count": 2}, {"kind": "autoencoder", "count": 2}])
    def test_what_was_saved_transforms_identically(self, factors, tmp_path):
        preparation = fit(**HYGIENE, factors=factors)
        preparation.save(tmp_path / "preparation.json")
        loaded = Preparation.load(tmp_path / "preparation.json")
        assert (loaded.names, loaded.dropped) == (preparation.names, preparation.dropped)
        later = planted(seed=1).samples.features
        np.testing.assert_array_equal(loaded.transform(later), preparation.transform(later))

    def test_what_is_no_preparation_is_refused(self, tmp_path):
        content = fit(**HYGIENE).to_json()
        for broken in ({}, {**content, "kept": ["unheard_of"]}, {**content, "dropped": [{"mood": 1}]}):
            (tmp_path / "preparation.json").write_text(json.dumps(broken))
            with pytest.raises(ModelError, match="Train the model again"):
                Preparation.load(tmp_path / "preparation.json")
        (tmp_path / "preparation.json").write_text("{")
        with pytest.raises(ModelError, match="Train the model again"):
            Preparation.load(tmp_path / "preparation.json")

    def test_factors_are_fitted_on_a_bounded_number_of_rows(self):
        settings = PreparationSettings(factors={"kind": "pca", "count": 2}, max_rows=150)
        values = TRAINING.samples.features.copy()
        values[1:-1] = np.where(
            np.isin(np.arange(1, 2999), np.linspace(0, 2999, 150).astype(int))[:, None], values[1:-1], 9e9
        )
        wild = replace(TRAINING, samples=Samples(values, TRAINING.samples.ends))
        assert (
            Preparation.fit(wild, NAMES, settings).to_json()["extractor"]
            == Preparation.fit(TRAINING, NAMES, settings).to_json()["extractor"]
        )


class TestSettings:
    @pytest.mark.parametrize(
        ("settings", "helps"),
        [
            ({"factors": {"kind": "pcaa"}}, "autoencoder, pca"),
            ({"factors": {"kind": "pca", "counts": 4}}, "count"),
            ({"factors": {"count": 4}}, "autoencoder, pca"),
        ],
    )
    def test_unknown_factors_are_refused_at_once(self, settings, helps):
        with pytest.raises(ConfigurationError, match=helps):
            PreparationSettings(**settings)

    def test_the_seed_of_the_run_reaches_an_extractor_that_takes_one_and_has_none(self):
        network = {"kind": "autoencoder", "count": 2}
        assert PreparationSettings(factors=network).seeded(5).factors == {**network, "seed": 5}
        assert PreparationSettings(factors={**network, "seed": 1}).seeded(5).factors["seed"] == 1
        assert PreparationSettings(factors={"kind": "pca"}).seeded(5).factors == {"kind": "pca"}
        assert PreparationSettings().seeded(5) == PreparationSettings()
