"""vectorbt's own plots of a result, made from its account of the fills."""

from typing import Any, cast

import pandas as pd

from algotrade.backtesting.reaccounting import Reaccounted, reaccount
from algotrade.backtesting.result import BacktestResult

Figure = Any
"""A plotly figure."""


def vectorbt_figures(result: BacktestResult) -> dict[str, Figure]:
    """Plotly figures by name: ``equity``, ``drawdowns``, and ``trades SYMBOL`` for each symbol that was traded.

    A candle in which a symbol was filled twice stands there twice in the trades, as vectorbt knows one order a candle.
    """
    import vectorbt as vbt  # noqa: PLC0415
    from vectorbt.generic.drawdowns import Drawdowns  # noqa: PLC0415

    whole = result.equity if result.ruined_at is None else result.equity.loc[: result.ruined_at].iloc[:-1]
    account = reaccount(result, len(whole))
    equity = pd.Series(account.equity, index=whole.index, name="equity")
    widgets = vbt.settings["plotting"]["use_widgets"]
    vbt.settings["plotting"]["use_widgets"] = False  # a widget needs a notebook
    try:
        figures = {"equity": cast("Any", equity).vbt.plot(), "drawdowns": Drawdowns.from_ts(equity).plot()}
        return figures | _trades(account, list(result.positions.columns))
    finally:
        vbt.settings["plotting"]["use_widgets"] = widgets


def _trades(account: Reaccounted, symbols: list[str]) -> dict[str, Figure]:
    traded = [symbol for symbol in symbols if (account.fills["symbol"] == symbol).any()]
    return {f"trades {symbol}": account.portfolio.positions.plot(column=symbol) for symbol in traded}
