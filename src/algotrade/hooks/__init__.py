"""What happens around every run: clear errors, progress, timings, lineage, tracking, retraining."""

from algotrade.hooks.errors import UserErrorHooks
from algotrade.hooks.lineage import LineageHooks
from algotrade.hooks.progress import ProgressHooks, TimingHooks
from algotrade.hooks.registry import RegistryHooks
from algotrade.hooks.retraining import RetrainingHooks
from algotrade.hooks.tracking import TrackingHooks

__all__ = [
    "LineageHooks",
    "ProgressHooks",
    "RegistryHooks",
    "RetrainingHooks",
    "TimingHooks",
    "TrackingHooks",
    "UserErrorHooks",
]
