"""What a strategy would have gone through: in the worst weeks of the past, and in some that may come."""

from algotrade.backtesting.stress.damage import with_flash_crash, without_candles
from algotrade.backtesting.stress.history import WINDOWS, Window, historical_stress
from algotrade.backtesting.stress.scenarios import STRESS_COLUMNS, Rerun, StressSettings, stress_test

__all__ = [
    "STRESS_COLUMNS",
    "WINDOWS",
    "Rerun",
    "StressSettings",
    "Window",
    "historical_stress",
    "stress_test",
    "with_flash_crash",
    "without_candles",
]
