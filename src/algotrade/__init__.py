"""Algorithmic-trading machine learning for crypto markets."""

__version__ = "0.1.0"
