"""What is tried: every combination once, in an order that can be repeated, and no nonsense."""

import json

import pandas as pd
import pytest

from algotrade.backtesting.grid import Grid, grid_table, parse_axis
from algotrade.errors import ConfigurationError
from algotrade.strategies import STRATEGIES


@pytest.mark.parametrize("name", list(STRATEGIES))
def test_the_default_grid_is_the_search_space(name):
    assert set(Grid.of(name).variants()) == set(STRATEGIES[name].variants())


def test_axes_replace_the_search_space_and_the_rest_is_as_configured():
    grid = Grid.of("momentum", {"window": (24, 48), "entry_score": (1, 2, 3)}, {"exit_score": -1.0})
    variants = grid.variants()
    assert len(grid) == len(variants) == 6
    assert [(own.window, own.entry_score) for own in variants[:3]] == [(24, 1.0), (24, 2.0), (24, 3.0)]
    assert {own.exit_score for own in variants} == {-1.0}
    assert "entry_score=1.0" in str(variants[0]), "one variant has one name"


def test_combinations_that_the_strategy_refuses_are_left_out():
    grid = Grid.of("momentum", {"entry_score": (-1.0, 0.0, 1.0), "exit_score": (-1.0, 0.0, 1.0)})
    assert len(grid.variants()) == 6
    with pytest.raises(ConfigurationError, match="lies below"):
        Grid.of("momentum", {"entry_score": (-1.0,), "exit_score": (1.0,)}).variants()


def test_a_sample_is_part_of_the_grid_and_the_same_for_a_seed():
    grid = Grid.of("momentum", {"window": tuple(range(2, 1_000)), "entry_score": (0.5, 1.0)})
    sample = grid.variants(40, seed=3)
    assert len(set(sample)) == 40
    assert set(sample) < set(grid.variants())
    assert sample == grid.variants(40, seed=3) != grid.variants(40, seed=4)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("window=24:336:24", tuple(range(24, 337, 24))),
        ("window=24", (24,)),
        ("entry_score=0.1:0.5:0.2", (0.1, 0.3, 0.5)),
        ("entry_score=-1,0,2.5", (-1.0, 0.0, 2.5)),
    ],
)
def test_axes_are_read_as_written(text, values):
    assert parse_axis(text)[1] == values


@pytest.mark.parametrize("text", ["window", "window=", "=1,2", "window=1:2", "window=9:1:1", "window=1:9:0", "w=a,b"])
def test_axes_that_mean_nothing_are_refused(text):
    with pytest.raises(ConfigurationError, match="names no values"):
        parse_axis(text)


def test_grids_that_cannot_be_walked_are_refused():
    with pytest.raises(ConfigurationError, match="windw with 2 values is no axis of momentum"):
        Grid.of("momentum", {"windw": (1, 2)})
    with pytest.raises(ConfigurationError, match="1,998,000 combinations"):
        Grid.of("momentum", {"window": range(2, 2_000), "volatility_window": range(2, 1_002)})


def test_a_heat_map_has_a_column_for_each_parameter_that_varies():
    grid = pd.DataFrame(
        {
            "strategy": ["momentum", "momentum", "other"],
            "parameters": [json.dumps({"window": 24, "exit": 0}), json.dumps({"window": 48, "exit": 0}), "{}"],
            "sharpe": [1.0, 2.0, 3.0],
        }
    )
    table = grid_table(grid, "momentum")
    assert table.columns.tolist() == ["window", "strategy", "sharpe"]
    assert table[["window", "sharpe"]].to_numpy().tolist() == [[24, 1.0], [48, 2.0]]
    assert grid_table(grid, "nothing").empty
