"""The ledger counts what was tried on a market: each trial once, whoever tried it, and for ever."""

from dataclasses import replace

import numpy as np
import pytest

from algotrade.backtesting import trials as trials_module
from algotrade.backtesting.account import SimulationSettings
from algotrade.backtesting.sweep import Sweep, TradingTerms, sweep, sweep_part
from algotrade.backtesting.trials import TrialData, TrialLedger, terms_digest, trial_key
from algotrade.domain.costs import Costs
from algotrade.risk import RiskSettings
from algotrade.strategies import MarketView, Strategy, build_strategy

TERMS = TradingTerms()


@pytest.fixture
def view(random_panel) -> MarketView:
    panel = random_panel(3, 1_200, 2)
    expected = np.random.default_rng(3).normal(0.0, 0.01, panel.close.shape)
    return MarketView(panel, expected_return=expected, warmup=100)


def momentum(*windows: int) -> list[Strategy]:
    return [build_strategy("momentum", {"window": window, "volatility_window": 24}) for window in windows]


def tried(view: MarketView, strategies: list[Strategy], terms: TradingTerms = TERMS) -> TrialLedger:
    return sweep_part(view, strategies, terms).trials(strategies, TrialData.of(view), terms, "sweep")


def test_a_repeated_run_adds_nothing_and_another_one_does(view):
    ledger, data = tried(view, momentum(12, 24)), TrialData.of(view)
    assert ledger.count(data) == 2
    assert ledger.merged(tried(view, momentum(24, 12))).count(data) == 2
    assert ledger.merged(tried(view, momentum(24, 36, 48))).count(data) == 4


@pytest.mark.parametrize(
    "terms",
    [
        TradingTerms(costs=Costs(fee_bps=5.0)),
        TradingTerms(account=SimulationSettings(rebalance_band=0.1)),
        TradingTerms(risk=RiskSettings(maximum_weight=0.3)),
    ],
)
def test_other_costs_accounts_and_limits_are_other_trials(view, terms):
    ledger = tried(view, momentum(12, 24)).merged(tried(view, momentum(12), terms))
    assert ledger.count(TrialData.of(view)) == 3


def test_other_forecasts_are_another_trial_only_for_what_reads_them(view):
    signal = [build_strategy("ml_signal", {"entry_edge_bps": 50.0})]
    retrained = replace(view, expected_return=view.expected_return + 0.004)
    ledger = tried(view, [*momentum(12), *signal]).merged(tried(retrained, [*momentum(12), *signal]))
    assert len(ledger.trials) == 4, "the ledger has a line for each"
    assert ledger.count(TrialData.of(view)) == 3, "the momentum came to the same"


def test_a_candle_more_forgets_nothing(view):
    yesterday = view.until(len(view) - 24)
    ledger = tried(yesterday, momentum(12, 24, 36))
    assert ledger.count(TrialData.of(view)) == 3
    assert ledger.merged(tried(view, momentum(36, 48))).count(TrialData.of(view)) == 4
    assert ledger.count(TrialData.of(view.since(300, 100))) == 3, "nor does a later start"


def test_another_market_has_its_own_count(view, random_panel):
    other = replace(view, panel=random_panel(4, 1_200, 2))
    assert tried(view, momentum(12, 24)).count(TrialData.of(other)) == 1, "at least the one that asks"


def test_a_short_history_is_known_again_but_not_taken_for_another(random_panel):
    short, other = (MarketView(random_panel(seed, 90, 2), warmup=10) for seed in (3, 4))
    ledger = tried(short, momentum(12, 24))
    assert ledger.count(TrialData.of(short)) == 2
    assert ledger.count(TrialData.of(other)) == 1


def test_a_changed_strategy_is_another_trial_if_it_comes_to_something_else(view, monkeypatch):
    before = tried(view, momentum(12))
    monkeypatch.setattr(trials_module, "_source", lambda _: "edited")
    assert before.merged(tried(view, momentum(12))).count(TrialData.of(view)) == 1, "a comment"
    better = sweep_part(view, momentum(12), TERMS)
    improved = Sweep(better.daily_returns + 0.001 * (better.daily_returns > 0), better.variants)
    edited = improved.trials(momentum(12), TrialData.of(view), TERMS, "sweep")
    assert before.merged(edited).count(TrialData.of(view)) == 2


def test_variants_that_never_trade_count_once_each(view):
    idle = [build_strategy("ml_signal", {"entry_edge_bps": edge}) for edge in (5_000.0, 6_000.0)]
    ledger = tried(view, idle)
    assert ledger.trials["sharpe"].isna().all()
    assert ledger.merged(ledger).count(TrialData.of(view)) == 2


def test_a_setting_that_is_as_by_default_says_nothing():
    assert terms_digest(Costs()) == terms_digest(Costs(fee_bps=10.0))
    assert terms_digest(Costs()) != terms_digest(Costs(fee_bps=11.0))
    assert terms_digest(Costs(), None) == terms_digest(Costs())


def test_the_key_is_the_same_in_another_process_and_for_a_copy(view):
    own = trial_key(momentum(12)[0], TrialData.of(view), TERMS.digest)
    copied = replace(view, panel=replace(view.panel, close=view.panel.close.copy(order="F")))
    assert trial_key(momentum(12)[0], TrialData.of(copied), TERMS.digest) == own
    changed = view.panel.close.copy()
    changed[-1, 0] *= 1.0001
    other = replace(view, panel=replace(view.panel, close=changed))
    assert trial_key(momentum(12)[0], TrialData.of(other), TERMS.digest) != own


def test_lines_say_what_was_earned(view):
    strategies = momentum(12)
    line = tried(view, strategies).trials.iloc[0]
    returns = sweep(view, strategies, Costs()).daily_returns.iloc[:, 0]
    assert line["sharpe"] == pytest.approx(returns.mean() / returns.std(ddof=1))
    assert (line["periods"], line["variant"]) == (len(returns), str(strategies[0]))
