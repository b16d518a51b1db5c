"""The tables of the strategies, the tests of robustness and the verdict in words."""

import json

import numpy as np
import pandas as pd
import pytest
from tests.reporting import made_up

from algotrade.reporting import Findings, strategies_section, verdict
from algotrade.reporting.judgement import evidence
from algotrade.reporting.robustness_tables import robustness_table, shortfall_table
from algotrade.reporting.strategy_tables import (
    MOST_SIDE_BY_SIDE,
    attribution_table,
    choices_table,
    drawdowns_table,
    figures_table,
    league_table,
    stress_table,
)
from algotrade.reporting.tables import target_cards

SYMBOLS = ("BTC/USDT", "ETH/USDT")
NAMES = ("ml_signal", "momentum", "mean_reversion", "buy_and_hold")


@pytest.fixture(scope="module")
def findings() -> Findings:
    return made_up.findings(NAMES, SYMBOLS)


def cells(table) -> dict[str, tuple[str, ...]]:
    return {row.label: row.cells for _, rows in table.groups for row in rows}


def test_the_league_has_the_judged_one_first_and_the_market_last(metrics, findings):
    table = league_table(metrics["strategies"], findings)
    assert list(cells(table)) == ["ml_signal", "momentum", "mean_reversion", "buy_and_hold"]
    assert cells(table)["ml_signal"][:2] == ("27.5 % [-40.0, 260.0]", "1.10 [-0.40, 2.60]")


def test_many_strategies_are_not_squeezed_side_by_side(metrics, findings):
    many = {f"other_{place}": {"sharpe": place} for place in range(9)} | metrics["strategies"]
    table = figures_table(many, findings)
    assert len(table.columns) == MOST_SIDE_BY_SIDE
    assert table.columns[:2] == ("ml_signal", "other_8")
    assert table.columns[-1] == "buy_and_hold"
    assert len(cells(league_table(many, findings))) == 13


def test_costs_that_nobody_paid_have_no_line(metrics, findings):
    for own in metrics["strategies"].values():
        own["funding_paid"] = own["borrow_paid"] = 0.0
    assert "Funding" not in cells(figures_table(metrics["strategies"], findings))
    metrics["strategies"]["momentum"]["funding_paid"] = -12.5
    assert "-12.50" in cells(figures_table(metrics["strategies"], findings))["Funding"]


def test_a_drawdown_that_lasts_has_not_recovered_yet(findings):
    assert cells(drawdowns_table(findings))["8.0 %"] == ("2023-12-30", "2024-01-08", "not yet", "31")


def test_attribution_is_listed_by_what_it_is_parted_by(findings):
    table = attribution_table(findings)
    assert [title for title, _ in table.groups] == ["By symbol", "By side", "By regime", "By signal"]
    assert "Funding" not in table.columns, "nothing was paid"


def test_stress_tells_what_happened_from_what_could_have(findings):
    table = stress_table(findings)
    assert [title for title, _ in table.groups] == ["What happened", "What could have"]
    assert cells(table)["2018 winter"][0] == "not defined"
    assert cells(table)["flash crash of 30%"][:2] == ("4.0 %", "34.0 %")


def test_choices_show_the_parameters_that_were_varied(findings):
    rows = list(cells(choices_table(findings)).values())
    assert rows[1][0] == "window 24"
    assert len(rows) == 4


def test_every_test_of_robustness_has_a_line(metrics, findings):
    metrics["overfitting"]["superiority"] = made_up.robustness()["reality_check"]
    found = {label: row[0] for label, row in cells(robustness_table(metrics, findings)).items()}
    assert found == {
        "Deflated Sharpe": "0.41 after 216 trials",
        "Probabilistic Sharpe": "0.83",
        "Minimum track record": "913 days",
        "Sharpe, corrected": "0.94 ± 0.81",
        "Backtest overfitting (PBO)": "31.0 %",
        "Reality check, SPA: all strategies": "p = 0.2100, 0.1400",
        "Reality check, SPA: ml_signal": "p = 0.2100, 0.1400",
        "Plateau": "0.95 against 1.10",
        "Break-even cost": "25.0 bps a side",
        "Order of trades": "20.4 % in 1 of 20",
        "Capacity": "2,340,000",
    }


def test_what_was_not_computed_says_so(metrics):
    found = {label: row[0] for label, row in cells(robustness_table(metrics, Findings())).items()}
    assert found["Deflated Sharpe"] == "0.41 after 216 trials"
    assert {found[name] for name in ("Minimum track record", "Plateau", "Capacity", "Order of trades")} == {
        "not computed"
    }
    assert robustness_table({}, Findings()) is None


def test_a_strategy_that_no_record_would_prove_says_so(metrics, findings):
    robust = made_up.robustness()
    robust["minimum_track_record"] |= {"days": None, "years": None}
    robust["cost_sensitivity"] |= {"break_even_bps": None, "note": "it loses even without costs"}
    found = cells(robustness_table(metrics, Findings(robustness={"ml_signal": robust})))
    assert found["Minimum track record"][0] == "none would do"
    assert found["Break-even cost"][0] == "it loses even without costs"


def test_the_shortfall_adds_up(findings):
    found = cells(shortfall_table(findings))
    assert found["Implementation shortfall"] == ("3,150", "13.00")
    assert found["Delay"] == ("-210", "-0.90")
    assert shortfall_table(Findings()) is None


def test_nothing_found_makes_no_table():
    for table in (drawdowns_table, attribution_table, stress_table, choices_table):
        assert table(Findings()) is None, table.__name__
    assert league_table({}, Findings()) is figures_table({}, Findings()) is None


def test_the_verdict_names_the_number_of_trials(metrics):
    assert verdict(metrics) == "ml_signal is not distinguishable from luck: deflated Sharpe 0.41 after 216 trials."


def test_the_evidence_says_how_wide_how_long_and_how_dear(metrics):
    sentences = evidence(metrics)
    assert "Its Sharpe ratio of 1.10 could as well be anything from -0.40 to 2.60." in sentences
    assert "500 days are too few to tell that ratio from 0: it would take 913." in sentences
    assert "It paid 15.0 bps a side to trade and would break even at 25.0." in sentences
    metrics["strategies"]["ml_signal"]["robustness"]["minimum_track_record"]["enough"] = True
    assert not any("too few" in sentence for sentence in evidence(metrics))


def test_a_card_has_the_interval_of_its_value(metrics):
    cards = {card.label: card.interval for card in target_cards(metrics)}
    assert cards["Sharpe ratio"] == "-0.40 to 2.60"
    assert cards["Win rate"] == "49 to 55 %"
    assert cards["Out-of-fold accuracy"] == "54 to 56 %"
    assert cards["Maximum drawdown"] == ""


def test_metrics_keep_every_figure_and_add_what_was_found(findings):
    scores = {name: {"sharpe": 1.0, "trades": 3} for name in NAMES}
    section = strategies_section(scores, findings)
    assert section["ml_signal"].keys() == {"sharpe", "trades", "intervals", "robustness", "stress", "attribution"}
    assert section["ml_signal"]["stress"]["FTX"] == {"total_return": -0.06, "max_drawdown": 0.11, "sharpe": -2.4}
    assert section["ml_signal"]["stress"]["2018 winter"]["sharpe"] is None
    own = findings.attribution.query("strategy == 'ml_signal' and by == 'side' and group == 'long'").iloc[0]
    assert section["ml_signal"]["attribution"]["side"]["long"] == {"pnl": own["pnl"], "trades": own["trades"]}
    json.dumps(section, allow_nan=False)


def test_metrics_of_a_run_without_findings_have_empty_sections():
    section = strategies_section({"ml_signal": {"sharpe": None}}, Findings())
    assert section == {
        "ml_signal": {"sharpe": None, "intervals": {}, "robustness": {}, "stress": {}, "attribution": {}}
    }


def test_a_ruined_run_is_told_without_a_crash(metrics, findings):
    ruined = dict.fromkeys(metrics["strategies"]["ml_signal"]) | {
        "final_equity": -12.0, "max_drawdown": 1.0, "annual_return": -1.0, "trades": 1, "intervals": {},
        "robustness": {},
    }  # fmt: skip
    metrics["strategies"]["ml_signal"] = ruined
    del metrics["targets"]
    assert verdict(metrics) == "ml_signal cannot be told from luck: its deflated Sharpe is not defined."
    lost = pd.DataFrame({"strategy": ["ml_signal"], "scenario": ["x"], "kind": ["costs"], "total_return": [np.nan]})
    lost = lost.assign(max_drawdown=np.nan, sharpe=np.nan, start=pd.NaT, end=pd.NaT, note=None)
    assert cells(stress_table(Findings(stress=lost)))["x"] == ("not defined", "not defined", "not defined", "", "")
    assert cells(league_table(metrics["strategies"], Findings()))["ml_signal"][0] == "-100.0 %"
