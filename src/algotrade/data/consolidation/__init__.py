"""One instrument on several exchanges, as one candle series.

The four prices of a consolidated candle are the venues' prices weighted by their volumes, each with the same
weights, so that ``low <= open, close <= high`` holds because it holds on every venue; volumes and trades are
summed. A venue that stands far from the others at a candle is left out of that candle, and reported. Each candle
is made of candles of its own open time only: nothing before or after it plays a part.
"""

from algotrade.data.consolidation.consolidate import Consolidated, consolidate
from algotrade.data.consolidation.names import CONSOLIDATED, chosen_series, consolidated_name
from algotrade.data.consolidation.settings import ConsolidationSettings

__all__ = ["CONSOLIDATED", "Consolidated", "ConsolidationSettings", "chosen_series", "consolidate", "consolidated_name"]
