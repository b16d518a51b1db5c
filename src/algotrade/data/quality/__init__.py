"""What is wrong with raw candles, and what is left of them: pure checks, nothing repaired in silence.

A row that breaks the contract goes to quarantine with its reason; a series that cannot be a market is
refused as a whole; gaps are counted and left open; an extreme that a market really reached is kept.
"""

from algotrade.data.quality.anomalies import AnomalySettings
from algotrade.data.quality.assessment import Assessment, assess_candles
from algotrade.data.quality.inspection import InspectedCandles, inspect_candles

__all__ = ["AnomalySettings", "Assessment", "InspectedCandles", "assess_candles", "inspect_candles"]
