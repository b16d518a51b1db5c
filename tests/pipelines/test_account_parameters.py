"""The simulated account as configuration gives it."""

import pytest

from algotrade.domain.costs import FeeTier
from algotrade.domain.instrument import Instrument
from algotrade.errors import ConfigurationError
from algotrade.pipelines.parameters import BacktestingParameters


def test_account_costs_and_instruments_are_what_the_configuration_says():
    parameters = BacktestingParameters.parse(
        {
            "account": {"market": "perpetual", "leverage": 3.0, "stop_loss": 0.05},
            "costs": {"fee_tiers": [{"from_notional": 1e6, "maker_bps": 1.0, "taker_bps": 4.0}], "volume_cap": 0.1},
            "instruments": {"BTC/USDT": {"tick": 0.01, "lot": 1e-5}},
        }
    )
    assert (parameters.account.leverage, parameters.account.stop_loss) == (3.0, 0.05)
    assert parameters.costs.fee_tiers == (FeeTier(1e6, 1.0, 4.0),)
    assert parameters.terms.market_data.instruments == {"BTC/USDT": Instrument(0.01, 1e-5)}


def test_an_unknown_rule_names_those_that_there_are():
    with pytest.raises(ConfigurationError, match=r"'stop_los'.*stop_loss"):
        BacktestingParameters.parse({"account": {"stop_los": 0.1}})
