"""What the figures of the strategies draw, and that odd runs can be drawn, too."""

import json

import numpy as np
import pandas as pd
import pytest
from tests.reporting import made_up

from algotrade.errors import DataError
from algotrade.reporting import Findings, ReportFrames, figures
from algotrade.reporting.figures.canvas import HIGHLIGHT, PALETTE
from algotrade.reporting.figures.trades import FIRST_VIEW, MOST_SYMBOLS

SYMBOLS = ("BTC/USDT", "ETH/USDT")
NAMES = ("ml_signal", "momentum", "buy_and_hold")


@pytest.fixture(scope="module")
def findings() -> Findings:
    return made_up.findings(NAMES, SYMBOLS)


def words(figure) -> str:
    return " ".join(annotation.text for annotation in figure.layout.annotations)


def equity(**curves) -> pd.DataFrame:
    parts = []
    for name, values in curves.items():
        times = pd.date_range("2024-01-02", periods=len(values), freq="D", tz="UTC")
        parts.append(pd.DataFrame({"strategy": name, "time": times, "equity": np.asarray(values, dtype=float)}))
    return pd.concat(parts, ignore_index=True)


def path(returns) -> np.ndarray:
    return 100 * np.cumprod(1 + np.r_[0.0, returns])


def test_rolling_beta_is_the_slope_on_the_market():
    random = np.random.default_rng(5)
    market = random.normal(0, 0.02, 240)
    drawn = figures.rolling_beta(equity(ml_signal=path(0.4 * market), buy_and_hold=path(market)))
    assert [trace.name for trace in drawn.data] == ["ml_signal"], "the market's own beta is 1"
    assert drawn.data[0].y == pytest.approx(np.full(len(drawn.data[0].y), 0.4))


def test_rolling_beta_without_the_market_says_so():
    assert "needs buy_and_hold" in words(figures.rolling_beta(equity(ml_signal=path(np.full(100, 0.01)))))


def test_rolling_volatility_is_annual():
    returns = np.resize([0.01, -0.01], 200)
    drawn = figures.rolling_volatility(equity(ml_signal=path(returns)), window=60)
    assert drawn.data[0].y[-1] == pytest.approx(returns[-60:].std(ddof=1) * np.sqrt(365.25), rel=1e-9)


def test_a_short_history_gets_a_short_window():
    random = np.random.default_rng(6)
    for days, window in ((60, 30), (400, 90)):
        drawn = figures.rolling_sharpe(equity(ml_signal=path(random.normal(0.001, 0.02, days))))
        assert drawn.layout.yaxis.title.text == f"Sharpe, {window} days"


def test_only_the_best_others_have_a_line():
    ends = {
        "ml_signal": 0.9,
        "buy_and_hold": 1.0,
        "equal_weight": 1.0,
        "a": 1.4,
        "b": 0.5,
        "c": 1.2,
        "d": 1.3,
        "e": 0.1,
    }
    curves = {name: np.linspace(100, 100 * end, 30) for name, end in ends.items()}
    drawn = figures.equity_curves(equity(**curves))
    names = [trace.name for trace in drawn.data]
    assert names == ["buy_and_hold", "equal_weight", "a", "c", "d", "ml_signal"]


def test_the_shares_of_days_add_up_to_one():
    returns = np.random.default_rng(8).standard_t(3, 300) * 0.02
    drawn = figures.daily_returns(equity(ml_signal=path(returns), buy_and_hold=path(-returns)))
    assert [trace.y.sum() for trace in drawn.data] == pytest.approx([1.0, 1.0])


def test_trades_join_entry_and_exit_and_are_coloured_by_what_they_brought(findings):
    drawn = figures.trades_on_price(findings.candles, findings.trades, findings.fills)
    own = findings.trades.query("strategy == 'ml_signal' and symbol == 'BTC/USDT'").sort_values("entry_time")
    shown = [trace for trace in drawn.data if trace.visible]
    assert [trace.name for trace in shown] == ["open", "won", "lost", "stops"]
    won, lost = own[own["pnl"] > 0], own[own["pnl"] <= 0]
    for trace, rows, colour in ((shown[1], won, HIGHLIGHT), (shown[2], lost, PALETTE[0])):
        assert list(trace.y[::3]) == rows["entry_price"].tolist()
        assert list(trace.y[1::3]) == rows["exit_price"].tolist()
        assert trace.line.color == colour
    assert set(shown[3].customdata) == {"stop"}


def test_the_first_view_holds_the_latest_trades_and_the_menu_every_symbol(findings):
    drawn = figures.trades_on_price(findings.candles, findings.trades, findings.fills)
    own = findings.trades.query("strategy == 'ml_signal' and symbol == 'BTC/USDT'").sort_values("entry_time")
    begin, end = (pd.Timestamp(edge, tz="UTC") for edge in drawn.layout.xaxis.range)
    assert own["entry_time"].between(begin, end).sum() >= FIRST_VIEW
    assert own["entry_time"].iloc[0] < begin
    buttons = drawn.layout.updatemenus[0].buttons
    assert [button.label for button in buttons] == list(SYMBOLS)
    assert [sum(button.args[0]["visible"]) for button in buttons] == [4, 4]


def test_no_more_symbols_than_a_menu_holds_and_short_trades_point_down(findings):
    symbols = tuple(f"S{place}/USDT" for place in range(MOST_SYMBOLS + 3))
    trades = made_up.trades(symbols, each=4).assign(strategy="ml_signal", side="short")
    drawn = figures.trades_on_price(made_up.candles(symbols), trades, pd.DataFrame())
    assert len(drawn.layout.updatemenus[0].buttons) == MOST_SYMBOLS
    assert {symbol for trace in drawn.data[1:3] for symbol in trace.marker.symbol[::3]} == {"triangle-down"}


def test_attribution_keeps_groups_of_one_name_apart(findings):
    drawn = figures.attribution_by_group(findings.attribution, "USDT")
    kinds, names = drawn.data[0].y
    assert len(set(zip(kinds, names, strict=True))) == len(names)
    assert len({name for kind, name in zip(kinds, names, strict=True) if name.startswith("medium")}) == 2
    own = findings.attribution.query("strategy == 'ml_signal' and by != 'month'")
    assert sorted(drawn.data[0].x) == pytest.approx(sorted(own["pnl"]))


def test_the_months_of_attribution_are_in_order(findings):
    drawn = figures.attribution_by_month(findings.attribution)
    assert list(drawn.data[0].x) == [f"2024-{month:02d}" for month in range(1, 13)]


def test_a_stress_test_without_a_result_is_not_drawn(findings):
    drawn = figures.stress(findings.stress)
    assert "2018 winter" not in drawn.data[0].y
    assert dict(zip(drawn.data[0].y, drawn.data[0].x, strict=True))["flash crash of 30%"] == -0.34


def test_the_break_even_is_where_the_cost_curve_crosses_zero(findings):
    drawn = figures.cost_sensitivity(findings.robustness)
    even = drawn.layout.shapes[1].x0
    assert np.interp(even, drawn.data[0].x, drawn.data[0].y) == pytest.approx(0.0, abs=0.01)


def test_every_variant_is_a_dot_and_the_configured_one_is_marked(findings):
    drawn = figures.variants(findings.grid)
    dots = {trace.name: trace for trace in drawn.data if trace.name}
    assert len(dots["ml_signal"].x) == 24
    marks = [trace for trace in drawn.data if trace.marker.symbol == "diamond-open"]
    assert len(marks) == 3
    configured = findings.grid.query("strategy == 'ml_signal' and configured")["sharpe"].tolist()
    assert list(marks[-1].x) == configured


def test_a_heat_map_is_of_the_two_parameters_that_matter_most(findings):
    drawn = figures.parameter_heat(findings.grid)
    assert {drawn.layout.xaxis.title.text, drawn.layout.yaxis.title.text} == {"entry_score", "window"}
    own = findings.grid.query("strategy == 'ml_signal'")
    cell = own[own["parameters"].str.contains('"window": 72, "entry_score": 1.0')]["sharpe"].median()
    table = pd.DataFrame(drawn.data[0].z, index=drawn.data[0].y, columns=drawn.data[0].x)
    assert table.loc["72", "1"] == pytest.approx(cell)


def test_promises_are_hollow_and_what_was_kept_is_solid(findings):
    drawn = figures.walk_forward_choices(findings.choices)
    own = findings.choices.query("strategy == 'ml_signal'")
    promised, kept = drawn.data[-2:]
    assert (promised.marker.symbol, kept.marker.symbol) == ("circle-open", "circle")
    assert list(promised.y) == own["train_sharpe"].tolist()
    assert list(kept.y) == own["test_sharpe"].tolist()


def test_the_configured_parameters_are_dotted_beside_the_chosen_ones(findings):
    drawn = figures.walk_forward_equity(findings.chosen_equity)
    assert drawn.data[-1].name == "ml_signal as configured"
    assert drawn.data[-1].line.dash == "dot"


@pytest.mark.parametrize(
    "equity_of",
    [
        pytest.param({"ml_signal": [100.0]}, id="one row"),
        pytest.param({"ml_signal": [0.0, 0.0], "buy_and_hold": [100.0, 90.0]}, id="ruined at row 1"),
        pytest.param({"ml_signal": [100.0, 40.0, 0.0, 0.0]}, id="ruined"),
        pytest.param({"ml_signal": [100.0, 40.0, -3.0, -3.0]}, id="in debt"),
        pytest.param({"ml_signal": [100.0] * 200, "buy_and_hold": [100.0] * 200}, id="flat"),
    ],
)
def test_odd_equity_can_be_drawn(equity_of):
    frames = ReportFrames(equity=equity(**equity_of), findings=Findings())
    for figure in figures.strategy_figures({}, frames).values():
        json.loads(figure.to_json())


def test_findings_of_one_symbol_month_trade_and_variant_can_be_drawn(findings):
    names = ("drawdowns", "attribution", "stress", "choices", "chosen_equity", "grid", "trades", "fills")
    first = {name: getattr(findings, name).head(1) for name in names}
    thin = Findings(robustness={"ml_signal": {}}, candles=findings.candles.head(3_900), **first)
    for figure in figures.strategy_figures({}, ReportFrames(findings=thin)).values():
        json.loads(figure.to_json())


def test_a_strategy_without_trades_says_so(findings):
    others = findings.trades[findings.trades["strategy"] != "ml_signal"]
    assert "did not trade" in words(figures.trades_on_price(findings.candles, others, findings.fills))


def test_undefined_numbers_leave_a_gap():
    robust = made_up.robustness()
    robust["cost_sensitivity"] |= {"break_even_multiple": None}
    robust["cost_sensitivity"]["multiples"][0] |= {"sharpe": None, "total_return": None}
    robust["monte_carlo"] = {"trades": 1, "orders": 0, **dict.fromkeys(("median", "max_drawdown", "worst_1_percent"))}
    drawn = figures.cost_sensitivity({"ml_signal": robust})
    assert drawn.data[0].y[0] is None
    assert len(drawn.layout.shapes) == 1
    assert "too few trades" in words(figures.monte_carlo({"ml_signal": robust}))


def test_a_frame_without_its_columns_is_refused_by_name(findings):
    with pytest.raises(DataError, match="trades frame lacks entry_price"):
        figures.trades_on_price(findings.candles, findings.trades.drop(columns="entry_price"), findings.fills)
