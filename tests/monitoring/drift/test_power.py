"""What has changed is found, and named."""

from collections.abc import Callable

import numpy as np
import pytest
from tests.monitoring.drift.conftest import HISTORY, WINDOW, draw_panel, observe, origin_of

from algotrade.monitoring.drift import Comparison, DriftSettings, compare, in_words, learn_reference

FEATURES = 12
MOVED = 4
MOVED_NAME, MOVED_FAMILY = "x4", "family1"


def checked(change: Callable[[np.ndarray], None], settings: DriftSettings, seed: int = 1) -> Comparison:
    """The comparison after the newest window was changed in place; ``x4`` to ``x7`` forget fast."""
    panel = draw_panel(seed, features=FEATURES)
    random = np.random.default_rng(seed)
    common = random.standard_normal((len(panel), panel.shape[1], 1))
    panel[..., 4:8] = (0.9 * common + 0.6 * random.standard_normal(panel[..., 4:8].shape)) / np.hypot(0.9, 0.6)
    change(panel[-WINDOW:])
    rows = observe(panel)
    return compare(learn_reference(rows.between(0, HISTORY - 1), origin_of(FEATURES), settings), rows)


def drifted(comparison: Comparison) -> dict[str, list[str]]:
    """Names of features by measure, and of families, that exceed their thresholds."""
    origin = comparison.reference.origin
    found = {
        measure: [name for name, beyond in zip(origin.names, row, strict=True) if beyond]
        for measure, row in zip(
            ("psi", "ks", "wasserstein", "missing"), comparison.by_feature(comparison.exceeding), strict=True
        )
    }
    joint = comparison.by_group(comparison.exceeding)
    return found | {"joint": [name for name, beyond in zip(origin.groups, joint, strict=True) if beyond]}


def shift(window: np.ndarray) -> None:
    window[..., MOVED] += 0.8


def widen(window: np.ndarray) -> None:
    window[..., MOVED] *= 2.0


def freeze(window: np.ndarray) -> None:
    window[..., MOVED] = 0.1


def lose(window: np.ndarray) -> None:
    window[..., MOVED] = np.nan


def lose_one_symbol(window: np.ndarray) -> None:
    window[:, 0, MOVED] = np.nan


@pytest.mark.parametrize(
    ("change", "seen_by"),
    [
        (shift, {"psi", "ks", "wasserstein"}),
        (widen, {"psi", "ks", "wasserstein"}),
        (freeze, {"psi", "ks", "wasserstein"}),
        (lose, {"missing"}),
        (lose_one_symbol, {"missing"}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_change_of_one_feature_is_found_and_named(change, seen_by, settings):
    comparison = checked(change, settings)

    found = drifted(comparison)

    assert comparison.detected
    for measure in seen_by:
        assert found[measure] == [MOVED_NAME]
    assert {name for names in (found[each] for each in ("psi", "ks", "wasserstein", "missing")) for name in names} == {
        MOVED_NAME
    }
    assert in_words_of(comparison)[0].startswith("Drift: 1 of 12 features")


def in_words_of(comparison: Comparison) -> list[str]:
    from datetime import UTC, datetime

    from algotrade.monitoring.drift import verdict

    return in_words(verdict(comparison, datetime(2026, 1, 1, tzinfo=UTC)))


def decouple(window: np.ndarray) -> None:
    """Another order of the values of two features in time: not a single value is new or gone."""
    random = np.random.default_rng(9)
    for column in (MOVED, MOVED + 1):
        values = window[..., column].ravel()
        window[..., column] = random.permutation(values).reshape(window.shape[:2])


@pytest.mark.parametrize("seed", range(1, 7))
def test_a_change_of_correlations_alone_is_seen_by_the_multivariate_check_only(seed, settings):
    unchanged, comparison = checked(lambda window: None, settings, seed), checked(decouple, settings, seed)

    assert MOVED_FAMILY in drifted(comparison)["joint"]
    assert MOVED_FAMILY not in drifted(unchanged)["joint"]
    np.testing.assert_allclose(
        comparison.by_feature(comparison.statistics), unchanged.by_feature(unchanged.statistics), atol=1e-12
    )
    place = comparison.reference.origin.groups.index(MOVED_FAMILY)
    pair = comparison.pairs[place]
    assert pair is not None
    assert {pair.first, pair.second} & {"x4", "x5"}
    assert (pair.reference, pair.current) == (pytest.approx(0.69, abs=0.1), pytest.approx(0.0, abs=0.35))
    assert comparison.mean_shift[place] < 0.3


def test_a_shift_that_is_small_in_each_feature_is_large_together(settings):
    def against_each_other(window: np.ndarray) -> None:
        window[..., 4] += 0.3
        window[..., 5] -= 0.3

    comparison = checked(against_each_other, settings)
    assert MOVED_FAMILY in drifted(comparison)["joint"]
    assert comparison.mean_shift[comparison.reference.origin.groups.index(MOVED_FAMILY)] > 0.3


@pytest.mark.slow
def test_power_grows_with_the_shift(settings):
    def rate(size: float) -> float:
        def moved(window: np.ndarray) -> None:
            window[..., MOVED] += size

        return float(np.mean([MOVED_NAME in drifted(checked(moved, settings, seed))["ks"] for seed in range(20)]))

    small, middle, large = (rate(size) for size in (0.1, 0.4, 0.8))
    assert small <= 0.2
    assert small < middle <= large
    assert large >= 0.95
