"""What happens around every run: clear errors, progress, timings, lineage, tracking, retraining, packaging."""

from algotrade.hooks.errors import UserErrorHooks
from algotrade.hooks.lineage import LineageHooks
from algotrade.hooks.packaging import PackagingHooks
from algotrade.hooks.progress import ProgressHooks, TimingHooks
from algotrade.hooks.registry import RegistryHooks
from algotrade.hooks.retraining import RetrainingHooks
from algotrade.hooks.tracking import TrackingHooks

__all__ = [
    "LineageHooks",
    "PackagingHooks",
    "ProgressHooks",
    "RegistryHooks",
    "RetrainingHooks",
    "TimingHooks",
    "TrackingHooks",
    "UserErrorHooks",
]
