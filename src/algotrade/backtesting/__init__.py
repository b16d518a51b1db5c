"""Backtesting: what target weights would have earned, with honest fills, costs and statistics.

The simulation is our own compiled kernel; vectorbt re-accounts every reported result from its fills.
"""
