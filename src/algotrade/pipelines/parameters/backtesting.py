"""Parameters of the backtests."""

from typing import Any

from pydantic import Field, PositiveInt

from algotrade.backtesting.grid import Grid
from algotrade.backtesting.simulate import SimulationSettings
from algotrade.backtesting.statistics import StatisticsSettings
from algotrade.backtesting.stress import StressSettings
from algotrade.backtesting.sweep import TradingTerms
from algotrade.backtesting.windows import WalkForwardSettings
from algotrade.domain.costs import Costs
from algotrade.domain.instrument import Instrument
from algotrade.errors import ConfigurationError
from algotrade.pipelines.parameters.base import Parameters
from algotrade.risk import RiskSettings
from algotrade.strategies import Strategy, build_strategy


class BacktestingParameters(Parameters):
    """The account, its costs and the strategies that trade it.

    Attributes
    ----------
    account, costs : settings
    instruments : dict
        Tick, lot and minimum notional by symbol; a symbol that is not named has none.
    risk : settings
        Limits on the weights that the strategies ask for.
    strategies : dict
        Parameters by strategy name; a strategy that is not named does not trade.
    search : dict
        Values to try by strategy and parameter, instead of those of the strategy's own search space.
    walk_forward : settings, optional
        Of the parameters that are chosen on each training window; none of it without them.
    workers : int
        Processes of the sweep; what it finds does not depend on how many there are.
    pbo_groups : int
        Blocks of the combinatorially symmetric cross-validation.
    statistics : settings
        Of intervals, tests and all that is estimated by drawing again.
    stress : settings
        Of the scenarios that are made up.
    """

    section = "backtesting"
    account: SimulationSettings = SimulationSettings()
    costs: Costs = Costs()
    instruments: dict[str, Instrument] = Field(default_factory=dict)
    risk: RiskSettings = RiskSettings()
    strategies: dict[str, dict[str, Any]] = Field(default_factory=dict)
    search: dict[str, dict[str, tuple[Any, ...]]] = Field(default_factory=dict)
    walk_forward: WalkForwardSettings | None = WalkForwardSettings()
    workers: PositiveInt = 1
    pbo_groups: int = Field(default=16, ge=4, multiple_of=2)
    statistics: StatisticsSettings = StatisticsSettings()
    stress: StressSettings = StressSettings()

    def model_post_init(self, _: Any) -> None:
        """Refuse at once, not when their step comes, unknown strategies and what the account could not hold."""
        self._check_account()
        for name in self.search:
            if name not in self.strategies:
                raise ConfigurationError(
                    f"Parameter backtesting.search names {name!r}, which does not trade in this run. Add it to "
                    f"backtesting.strategies. There are: {', '.join(self.strategies) or 'none'}."
                )
        self.grids  # noqa: B018 - building them checks them

    @property
    def terms(self) -> TradingTerms:
        """What every strategy and every variant trades under."""
        return TradingTerms(self.costs, self.account, self.risk, self.instruments)

    @property
    def grids(self) -> dict[str, Grid]:
        """What is tried of each configured strategy, around its configured parameters."""
        return {name: Grid.of(name, self.search.get(name), given) for name, given in self.strategies.items()}

    def build_strategies(self) -> list[Strategy]:
        """Build the configured strategies, in the order of the configuration."""
        return [build_strategy(name, parameters) for name, parameters in self.strategies.items()]

    def _check_account(self) -> None:
        shorts = [strategy.name for strategy in self.build_strategies() if strategy.shorts]
        if shorts and self.account.market == "spot":
            raise ConfigurationError(
                f"Strategy {shorts[0]!r} sells short, which a spot account cannot. Set backtesting.account.market: "
                "perpetual, or choose a strategy that does not."
            )
        levers = self.risk.target_volatility is not None and self.risk.maximum_scale > 1.0
        if levers and not (self.risk.maximum_gross or self.risk.maximum_scale) <= self.account.leverage:
            raise ConfigurationError(
                f"With backtesting.risk.maximum_scale {self.risk.maximum_scale:g} the weights may come to more than "
                f"the account's leverage of {self.account.leverage:g}. Set backtesting.risk.maximum_gross to at most "
                "that, or raise backtesting.account.leverage."
            )
