"""What a strategy is reported by, and how much of it may be luck."""

from algotrade.backtesting.statistics.capacity import capacity
from algotrade.backtesting.statistics.cost_sensitivity import cost_sensitivity, scaled_costs
from algotrade.backtesting.statistics.credibility import autocorrelation_of_days, superiority_over, track_record
from algotrade.backtesting.statistics.drawdowns import drawdown_table
from algotrade.backtesting.statistics.figures import closed_pnl, deflated, periods_per_year, strategy_metrics, years_of
from algotrade.backtesting.statistics.intervals import daily_intervals, strategy_intervals, trade_intervals
from algotrade.backtesting.statistics.market_model import market_model
from algotrade.backtesting.statistics.plateau import parameter_plateau
from algotrade.backtesting.statistics.settings import StatisticsSettings
from algotrade.backtesting.statistics.trade_order import trade_order

__all__ = [
    "StatisticsSettings",
    "autocorrelation_of_days",
    "capacity",
    "closed_pnl",
    "cost_sensitivity",
    "daily_intervals",
    "deflated",
    "drawdown_table",
    "market_model",
    "parameter_plateau",
    "periods_per_year",
    "scaled_costs",
    "strategy_intervals",
    "strategy_metrics",
    "superiority_over",
    "track_record",
    "trade_intervals",
    "trade_order",
    "years_of",
]
