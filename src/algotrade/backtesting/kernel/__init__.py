"""The compiled accounting: a fast one for plain spot accounts, and one with every rule."""

from algotrade.backtesting.kernel.extremes import extremes
from algotrade.backtesting.kernel.plain import Summary, run_plain, run_summary
from algotrade.backtesting.kernel.rules import run_rules
from algotrade.backtesting.kernel.terms import (
    COLUMN,
    DECIDED,
    FEE,
    FILL_FIELDS,
    IMPACT,
    KIND,
    KINDS,
    NEVER,
    PRICE,
    REFERENCE,
    ROW,
    SIZE,
    Ledger,
    PlainTerms,
    Prices,
    Rules,
)

__all__ = [
    "COLUMN",
    "DECIDED",
    "FEE",
    "FILL_FIELDS",
    "IMPACT",
    "KIND",
    "KINDS",
    "NEVER",
    "PRICE",
    "REFERENCE",
    "ROW",
    "SIZE",
    "Ledger",
    "PlainTerms",
    "Prices",
    "Rules",
    "Summary",
    "extremes",
    "run_plain",
    "run_rules",
    "run_summary",
]
