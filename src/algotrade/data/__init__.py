"""Candles from files and exchanges: read, checked, stored."""
