"""Resampling of returns that depend on their past."""

from algotrade.validation.resampling.block_length import block_length
from algotrade.validation.resampling.stationary import IndexArray, resampled_means, stationary_rows

__all__ = ["IndexArray", "block_length", "resampled_means", "stationary_rows"]
