"""Kedro datasets: thin faces of the stores, so that nodes see frames and values only."""
