"""What happens around every run: clear errors, progress, timings, lineage, tracking."""

from algotrade.hooks.errors import UserErrorHooks
from algotrade.hooks.lineage import LineageHooks
from algotrade.hooks.progress import ProgressHooks, TimingHooks
from algotrade.hooks.tracking import TrackingHooks

__all__ = ["LineageHooks", "ProgressHooks", "TimingHooks", "TrackingHooks", "UserErrorHooks"]
