"""A strategy through vectorbt alone: its own simulation, put into the form of a result.

vectorbt follows target weights at the next open with a flat fee and a flat slippage. It has none of the other rules;
a setting that asks for one is refused. It also does not shrink all buys together when the cash runs short: it fills
them one after the other until nothing is left.
"""

from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd

from algotrade.backtesting.account import MarketData, SimulationSettings
from algotrade.backtesting.kernel import (
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
)
from algotrade.backtesting.labelling import labelled
from algotrade.backtesting.market import marks, tradable_opens
from algotrade.backtesting.result import BacktestResult
from algotrade.domain.candles import FloatArray, Panel
from algotrade.domain.costs import Costs
from algotrade.errors import ConfigurationError

_KNOWN = ("initial_cash", "rebalance_every", "delay", "engine")
_WITHOUT_EFFECT = ("maintenance_margin", "volatility_span", "funding_interval_hours")
_KNOWN_COSTS = ("fee_bps", "slippage_bps", "liquidation_bps", "funding_bps", "borrow_bps_per_year", "delisting_loss")


def simulate_with_vectorbt(
    panel: Panel, weights: FloatArray, costs: Costs, settings: SimulationSettings, data: MarketData
) -> BacktestResult:
    """What vectorbt makes of target weights on a spot account.

    Raises
    ------
    ConfigurationError
        If a rule is asked for that vectorbt does not have.
    """
    _refuse_other_rules(costs, settings, data)
    opens, mark = tradable_opens(panel), marks(panel)
    portfolio = _portfolio(panel, _targets(opens, weights, settings), (costs, settings))
    records = portfolio.orders.records_arr
    records = records[np.argsort(records["id"], kind="stable")]
    row, column = records["idx"], records["col"]
    fills = np.zeros((len(records), len(FILL_FIELDS)))
    fills[:, ROW], fills[:, COLUMN], fills[:, PRICE], fills[:, FEE] = row, column, records["price"], records["fees"]
    fills[:, SIZE] = np.where(records["side"] == 0, 1.0, -1.0) * records["size"]
    fills[:, REFERENCE], fills[:, IMPACT], fills[:, KIND] = opens[row, column], 0.0, KINDS.index("target")
    decision = row - 1 - settings.delay
    fills[:, DECIDED] = mark[decision - decision % settings.rebalance_every, column]
    none = np.empty((0, mark.shape[1]))
    equity, cash = (np.ascontiguousarray(series().to_numpy()) for series in (portfolio.value, portfolio.cash))
    return labelled(Ledger(equity, cash, fills, none, none, NEVER, NEVER, 0, 0), panel, settings)


def _portfolio(panel: Panel, targets: FloatArray, terms: tuple[Costs, SimulationSettings]) -> Any:
    import vectorbt as vbt  # noqa: PLC0415

    costs, settings = terms
    opens, mark = tradable_opens(panel), marks(panel)
    before = np.vstack([np.zeros(mark.shape[1]), mark[:-1]])
    # A symbol that has not been listed yet is never held: any price will do.
    valued = np.where(np.isnan(opens), np.where(before > 0.0, before, 1.0), opens)
    return vbt.Portfolio.from_orders(
        close=pd.DataFrame(np.where(mark > 0.0, mark, 1.0)),
        size=targets,
        size_type="targetpercent",
        direction="longonly",
        price=valued,
        val_price=valued,
        fees=costs.fee_rate,
        slippage=costs.slippage_rate,
        init_cash=settings.initial_cash,
        cash_sharing=True,
        group_by=True,
        call_seq="auto",
        freq=pd.Timedelta(panel.timeframe.milliseconds, unit="ms"),
    )


def _targets(opens: FloatArray, weights: FloatArray, settings: SimulationSettings) -> FloatArray:
    """Target of every open, NaN where there is no decision or no price; a decision waits for the next price."""
    late = 1 + settings.delay
    decided = np.full(weights.shape, np.nan)
    decided[late::] = np.where((np.arange(len(weights)) % settings.rebalance_every == 0)[:, None], weights, np.nan)[
        :-late
    ]
    frame, tradable = pd.DataFrame(decided), ~np.isnan(opens)
    # Carried over rows without a price, up to the first with one.
    served = pd.DataFrame(tradable).shift(1, fill_value=False).to_numpy()
    blocks = pd.DataFrame(~np.isnan(decided) | served).cumsum()
    carried = pd.DataFrame({c: frame[c].groupby(blocks[c]).ffill() for c in frame}).to_numpy()
    return np.where(tradable, carried, np.nan)


def _refuse_other_rules(costs: Costs, settings: SimulationSettings, data: MarketData) -> None:
    plain, flat = SimulationSettings(rebalance_band=0.0), Costs()
    asked = [
        f"account.{field.name}: {getattr(settings, field.name)}"
        for field in fields(settings)
        if field.name not in (*_KNOWN, *_WITHOUT_EFFECT) and getattr(settings, field.name) != getattr(plain, field.name)
    ]
    asked += [
        f"costs.{field.name}: {getattr(costs, field.name)}"
        for field in fields(costs)
        if field.name not in _KNOWN_COSTS and getattr(costs, field.name) != getattr(flat, field.name)
    ]
    if data.instruments:
        asked.append("instruments")
    if asked:
        raise ConfigurationError(
            f"vectorbt alone cannot do {', '.join(asked)}. It follows weights on a spot account with a flat fee and "
            "slippage: set account.rebalance_band: 0 and leave the other rules out, or use account.engine: kernel."
        )
