"""Risk: what an account may do with the weights that a strategy asks for, in a simulation and live."""

from algotrade.risk.overlay import apply_overlay, managed_weights
from algotrade.risk.settings import RiskSettings

__all__ = ["RiskSettings", "apply_overlay", "managed_weights"]
