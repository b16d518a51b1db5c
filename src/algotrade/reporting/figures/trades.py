"""The trades of a strategy on the prices that it traded at."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from algotrade.reporting.figures.canvas import HIGHLIGHT, MUTED, PALETTE, canvas, has_rows, plain, without_data
from algotrade.reporting.figures.sampling import thinned, time_labels
from algotrade.reporting.scorecard import JUDGED_STRATEGY

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

TRADE_COLUMNS = ("strategy", "symbol", "entry_time", "exit_time", "entry_price", "exit_price", "pnl")
MOST_SYMBOLS = 8
MOST_TRADES = 300
"""Of a symbol that are drawn: the latest."""
FIRST_VIEW = 30
"""Trades that the first view of a symbol shows: the latest."""
STOPS = ("stop", "take_profit", "liquidation", "delisting", "halt")
"""Kinds of fills that the strategy did not ask for by its weights."""
_POINTS = 700
_GOOD, _BAD, _ODD = HIGHLIGHT, PALETTE[0], PALETTE[3]


@dataclass(frozen=True, eq=False)
class _View:
    """One symbol: its opens by time, its trades and its stops, oldest first."""

    symbol: str
    opens: "pd.Series[float]"
    trades: pd.DataFrame
    stops: pd.DataFrame

    def first(self) -> "tuple[pd.Timestamp, pd.Timestamp]":
        """From shortly before the first of the latest trades to the last price."""
        begin, end = self.trades["entry_time"].iloc[-FIRST_VIEW:].min(), self.opens.index[-1]
        return max(begin - (end - begin) * 0.03, self.opens.index[0]), end


def trades_on_price(
    candles: pd.DataFrame, trades: pd.DataFrame, fills: pd.DataFrame, strategy: str = JUDGED_STRATEGY
) -> "Figure":
    """Entries, exits and stops of one strategy on the opens of one symbol at a time, the most traded first.

    The first view shows the latest trades; a double click shows all that are drawn.

    Parameters
    ----------
    candles : DataFrame
        ``symbol``, ``open_time``, ``open``.
    trades : DataFrame
        ``strategy``, ``symbol``, ``entry_time``, ``exit_time``, ``entry_price``, ``exit_price``, ``pnl``; ``side``
        where trades can be short.
    fills : DataFrame
        ``strategy``, ``symbol``, ``time``, ``price``, ``kind``; without ``kind`` no stops are drawn.
    strategy : str
    """
    if not has_rows(trades, TRADE_COLUMNS, "trades") or not has_rows(
        candles, ("symbol", "open_time", "open"), "candles"
    ):
        return without_data("No trades to draw.")
    own = trades[trades["strategy"] == strategy].sort_values("entry_time")
    views = [_view(symbol, candles, own, _stops(fills, strategy)) for symbol in _most_traded(own)]
    views = [view for view in views if len(view.opens)]
    if not views:
        return without_data(f"No trades to draw: {plain(strategy)} did not trade.")
    figure = canvas(height=480, hovermode="closest")
    for place, view in enumerate(views):
        _draw(figure, view, visible=place == 0)
    per_symbol = len(figure.data) // len(views)
    buttons = [
        {
            "label": plain(view.symbol),
            "method": "update",
            "args": [
                {"visible": [at // per_symbol == place for at in range(len(figure.data))]},
                {f"{axis}.range": bounds for axis, bounds in _ranges(view).items()},
            ],
        }
        for place, view in enumerate(views)
    ]
    for axis, bounds in _ranges(views[0]).items():
        figure.update_layout({axis: {"range": bounds}})
    menu = {"buttons": buttons, "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom", "showactive": False}
    figure.update_layout(updatemenus=[menu], margin_t=64, legend_y=1.02)
    figure.update_xaxes(type="date", showgrid=False)
    figure.update_yaxes(title_text="price", tickformat=",~r")
    return figure


def _most_traded(trades: pd.DataFrame) -> list[str]:
    counted = trades["symbol"].value_counts()
    return sorted(counted.index, key=lambda symbol: (-int(counted[symbol]), str(symbol)))[:MOST_SYMBOLS]


def _stops(fills: pd.DataFrame, strategy: str) -> pd.DataFrame:
    columns = ["strategy", "symbol", "time", "price", "kind"]
    if not set(columns) <= set(fills.columns):
        return pd.DataFrame(columns=columns)
    return fills.loc[(fills["strategy"] == strategy) & fills["kind"].isin(STOPS), columns]


def _view(symbol: str, candles: pd.DataFrame, trades: pd.DataFrame, stops: pd.DataFrame) -> _View:
    own = trades[trades["symbol"] == symbol].iloc[-MOST_TRADES:]
    opens = candles[candles["symbol"] == symbol].set_index("open_time")["open"].astype(float).sort_index().dropna()
    begin = own["entry_time"].min() - (own["exit_time"].max() - own["entry_time"].min()) * 0.03
    stopped = stops[(stops["symbol"] == symbol) & (stops["time"] >= begin)]
    return _View(symbol, opens.loc[begin:], own, stopped.sort_values("time"))


def _ranges(view: _View) -> dict[str, list[Any]]:
    begin, end = view.first()
    seen = view.opens.loc[begin:end]
    pad = 0.06 * float(seen.max() - seen.min()) or 0.01 * float(seen.max())
    return {
        "xaxis": time_labels(pd.DatetimeIndex([begin, end])),
        "yaxis": [float(seen.min()) - pad, float(seen.max()) + pad],
    }


def _draw(figure: "Figure", view: _View, *, visible: bool) -> None:
    begin, _ = view.first()
    # The first view needs more points a day than the rest.
    opens = pd.concat([thinned(view.opens.loc[:begin], _POINTS), thinned(view.opens.loc[begin:], _POINTS)])
    shared: dict[str, Any] = {"visible": visible}
    figure.add_scatter(
        **shared, x=time_labels(opens.index), y=opens.to_numpy(), name="open", mode="lines",
        line={"color": MUTED, "width": 1.2}, hovertemplate="%{y:,~g}",
    )  # fmt: skip
    won = view.trades["pnl"].to_numpy(dtype=np.float64) > 0.0
    for name, colour, rows in (("won", _GOOD, view.trades[won]), ("lost", _BAD, view.trades[~won])):
        _draw_trades(figure, rows, name, colour, shared)
    figure.add_scatter(
        **shared,
        x=time_labels(pd.DatetimeIndex(view.stops["time"])) if len(view.stops) else [None],
        y=view.stops["price"].to_numpy(dtype=np.float64) if len(view.stops) else [None],
        customdata=[plain(str(kind).replace("_", " ")) for kind in view.stops["kind"]],
        name="stops",
        showlegend=bool(len(view.stops)),
        mode="markers",
        marker={"color": _ODD, "size": 10, "symbol": "x-thin", "line": {"width": 2, "color": _ODD}},
        hovertemplate="%{customdata} at %{y:,~g}<extra></extra>",
    )


def _draw_trades(figure: "Figure", rows: pd.DataFrame, name: str, colour: str, shared: dict[str, Any]) -> None:
    """A line from entry to exit, a triangle at the entry that points where the trade was to go, a dot at the exit."""
    short = _shorts(rows)
    entries, exits = (time_labels(pd.DatetimeIndex(rows[column])) for column in ("entry_time", "exit_time"))
    prices = rows[["entry_price", "exit_price"]].to_numpy(dtype=np.float64)
    told = [f"{pnl:+,.2f}" for pnl in rows["pnl"]]
    figure.add_scatter(
        **shared,
        x=[time for pair in zip(entries, exits, strict=True) for time in (*pair, None)] or [None],
        y=[price for pair in prices.tolist() for price in (*pair, None)] or [None],
        customdata=[text for text in told for _ in range(3)],
        name=name,
        legendgroup=name,
        mode="lines+markers",
        line={"color": colour, "width": 1.6},
        marker={
            "color": colour,
            "size": [size for _ in told for size in (9, 5, 0)],
            "symbol": [
                symbol for down in short for symbol in ("triangle-down" if down else "triangle-up", "circle", "circle")
            ],
        },
        hovertemplate="%{y:,~g} (%{customdata})<extra>" + name + "</extra>",
    )


def _shorts(rows: pd.DataFrame) -> list[bool]:
    if "side" not in rows.columns:
        return [False] * len(rows)
    return [str(side).lower() in {"short", "sell"} for side in rows["side"]]
