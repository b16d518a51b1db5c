"""Figures of the candles themselves: what is missing, what was set aside, what is odd."""

from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from algotrade.reporting.figures.canvas import (
    HIGHLIGHT,
    PALETTE,
    canvas,
    colours,
    has_rows,
    plain,
    without_data,
)
from algotrade.reporting.figures.sampling import time_labels
from algotrade.reporting.formats import shortened

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_ROW = 22
_MOST_SERIES = 40
_MOST_POINTS = 400
_BUCKETS = 160
_COMPLETENESS = (
    (0.0, "complete", "rgba(47,134,224,0.42)"),
    (0.01, "up to 1 % missing", "#f0c36a"),
    (0.1, "up to 10 %", "#ea9350"),
    (1.0, "more", "#cf4a2a"),
)
"""Largest share of missing candles, what the reader is told, and its colour."""
_KINDS = {
    "return": ("return", HIGHLIGHT, "%{customdata:+.0f} robust sd"),
    "volume": ("volume", PALETTE[1], "%{customdata:+.1f} robust sd"),
    "stale": ("stale price", PALETTE[3], "%{customdata:.0f} candles"),
    "divergence": ("left out of the consolidated", PALETTE[0], "%{customdata:.0f} bps from the others"),
}


def series_names(frame: pd.DataFrame) -> "pd.Series[str]":
    """Symbol of each row, with its exchange where the frame has several."""
    symbols = frame["symbol"].astype("str")
    several = len(set(frame["exchange"])) > 1
    return symbols + " · " + frame["exchange"].map(short_exchange) if several else symbols


def short_exchange(name: object) -> str:
    """Name of an exchange; of a consolidated series without the exchanges that it is made of.

    >>> short_exchange("consolidated(binance+kraken)"), short_exchange("kraken")
    ('consolidated', 'kraken')
    """
    return str(name).split("(", maxsplit=1)[0]


def coverage(cover: pd.DataFrame) -> "Figure":
    """How complete each series is over time: blue where no candle is missing, the redder the more are.

    Parameters
    ----------
    cover : DataFrame
        ``exchange``, ``symbol``, ``time``, ``candles``, ``expected``; one row a series and stretch of time.
    """
    if not has_rows(cover, ("exchange", "symbol", "time", "candles", "expected"), "coverage"):
        return without_data("No coverage to draw: no candles were assessed.")
    frame = cover.assign(name=series_names(cover), missing=cover["expected"] - cover["candles"])
    worst = frame.groupby("name", sort=False)["missing"].sum().nlargest(_MOST_SERIES)
    order = [name for name in frame["name"].unique() if name in worst.index]
    missing, expected = (
        frame.pivot_table(index="name", columns="time", values=column).reindex(order)
        for column in ("missing", "expected")
    )
    share = missing.to_numpy() / expected.to_numpy()
    bounds = [bound for bound, *_ in _COMPLETENESS]
    level = np.where(np.isnan(share), np.nan, np.searchsorted(bounds, share, side="left"))
    figure = canvas(height=96 + _ROW * len(order), hovermode="closest", legend_itemclick=False)
    figure.add_heatmap(
        x=time_labels(missing.columns),
        y=[plain(name) for name in order],
        z=level,
        customdata=missing.to_numpy(),
        hovertemplate="%{y}, from %{x|%Y-%m-%d %H:%M}: %{customdata} missing<extra></extra>",
        colorscale=_steps([colour for *_, colour in _COMPLETENESS]),
        zmin=-0.5,
        zmax=len(bounds) - 0.5,
        showscale=False,
        ygap=2,
    )
    for _, label, colour in _COMPLETENESS:
        figure.add_scatter(
            x=[None], y=[None], name=label, mode="markers", marker={"color": colour, "size": 11, "symbol": "square"}
        )
    figure.update_xaxes(type="date", showgrid=False)
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False, dtick=1, tickfont_size=11)
    return figure


def quarantined(reasons: pd.DataFrame) -> "Figure":
    """Rows in quarantine by reason, most frequent first, a colour for each exchange.

    Parameters
    ----------
    reasons : DataFrame
        ``exchange``, ``symbol``, ``reason``, ``rows``.
    """
    if not has_rows(reasons, ("exchange", "symbol", "reason", "rows"), "quarantined"):
        return without_data("No row was set aside: all of them are candles.")
    totals = reasons.groupby("reason")["rows"].sum().sort_values()
    labels = {reason: "<br>".join(wrap(plain(reason), 34)) for reason in totals.index}
    exchanges = sorted(reasons["exchange"].unique())
    colour = colours(exchanges) if len(exchanges) > 1 else {exchanges[0]: HIGHLIGHT}
    figure = canvas(height=100 + 46 * len(totals), barmode="stack", hovermode="closest", bargap=0.4)
    for exchange in exchanges:
        own = reasons[reasons["exchange"] == exchange].groupby("reason")
        counted = own["rows"].sum()
        figure.add_bar(
            orientation="h",
            name=plain(exchange),
            y=[labels[reason] for reason in counted.index],
            x=counted.to_numpy(),
            marker_color=colour[exchange],
            customdata=[plain(shortened(sorted(symbols.unique()))) for _, symbols in own["symbol"]],
            hovertemplate="%{x:,} rows: %{customdata}<extra>" + plain(exchange) + "</extra>",
        )
    figure.update_xaxes(title_text="rows", rangemode="tozero", tickformat=",d", dtick=1 if totals.max() < 8 else None)
    figure.update_yaxes(
        type="category", categoryorder="array", categoryarray=list(labels.values()), showgrid=False, tickfont_size=11
    )
    return figure


def anomalies(found: pd.DataFrame) -> "Figure":
    """When each series did something odd: the most extreme of each kind.

    Parameters
    ----------
    found : DataFrame
        ``exchange``, ``symbol``, ``kind``, ``open_time``, ``score``.
    """
    if not has_rows(found, ("exchange", "symbol", "kind", "open_time", "score"), "anomalies"):
        return without_data("Nothing odd was found: no extreme return or volume, no price that stood still.")
    frame = found.assign(name=series_names(found), extremity=found["score"].astype(float).abs())
    busiest = frame["name"].value_counts().nlargest(_MOST_SERIES).index
    frame = frame[frame["name"].isin(busiest)]
    order = sorted(frame["name"].unique())
    figure = canvas(height=max(200, 110 + _ROW * len(order)), hovermode="closest")
    for kind, (label, colour, score) in _KINDS.items():
        rows = frame[frame["kind"] == kind].nlargest(_MOST_POINTS, "extremity")
        if not len(rows):
            continue
        figure.add_scatter(
            x=time_labels(pd.Index(rows["open_time"])),
            y=[plain(name) for name in rows["name"]],
            name=label,
            mode="markers",
            marker={"color": colour, "size": _sizes(rows["extremity"]), "opacity": 0.6, "line": {"width": 0}},
            customdata=rows["score"].to_numpy(dtype=np.float64).round(2),
            hovertemplate="%{y}, %{x|%Y-%m-%d %H:%M}: " + score + f"<extra>{label}</extra>",
        )
    figure.update_xaxes(type="date")
    figure.update_yaxes(
        type="category", categoryorder="array", categoryarray=[plain(name) for name in order[::-1]], dtick=1,
        tickfont_size=11,
    )  # fmt: skip
    return figure


def divergence(timeline: pd.DataFrame) -> "Figure":
    """How far each exchange was from the others: its mean (solid) and highest (dotted) deviation over time.

    Parameters
    ----------
    timeline : DataFrame
        ``exchange``, ``symbol``, ``time``, ``compared``, ``mean_deviation_bps``, ``max_deviation_bps``, ``left_out``.
    """
    needed = ("exchange", "time", "compared", "mean_deviation_bps", "max_deviation_bps", "left_out")
    if not has_rows(timeline, needed, "divergence"):
        return without_data("One exchange only: there is nothing to compare its prices with.")
    figure = canvas(height=380)
    colour = colours(timeline["exchange"])
    for exchange, rows in _over_all_symbols(timeline).groupby("exchange", sort=True):
        line = {"color": colour[str(exchange)], "width": 1.8}
        shared: dict[str, Any] = {"x": time_labels(pd.Index(rows["time"])), "legendgroup": str(exchange)}
        figure.add_scatter(
            **shared, y=_bps(rows["mean"]), name=plain(exchange), mode="lines", line=line, hovertemplate="%{y:.1f} bps"
        )
        figure.add_scatter(
            **shared, y=_bps(rows["highest"]), name=f"{plain(exchange)}, highest", mode="lines+markers",
            line={**line, "width": 0.8, "dash": "dot"}, showlegend=False, hovertemplate="%{y:.1f} bps",
            marker={"symbol": "x-thin-open", "size": np.where(rows["left_out"] > 0, 8, 0)},
        )  # fmt: skip
    figure.update_xaxes(type="date", showgrid=False)
    figure.update_yaxes(type="log", title_text="basis points", dtick=1, tickformat=",~g")
    return figure


def _over_all_symbols(timeline: pd.DataFrame) -> pd.DataFrame:
    """Deviations by exchange in at most 160 stretches of time that all symbols share."""
    first, last = timeline["time"].min(), timeline["time"].max()
    step = max((last - first) / _BUCKETS, pd.Timedelta(milliseconds=1))
    weighted = timeline["mean_deviation_bps"] * timeline["compared"]
    frame = timeline.assign(bucket=((timeline["time"] - first) // step).clip(upper=_BUCKETS - 1), weighted=weighted)
    sums = frame.groupby(["exchange", "bucket"], as_index=False).agg(
        time=("time", "min"),
        weighted=("weighted", "sum"),
        compared=("compared", "sum"),
        highest=("max_deviation_bps", "max"),
        left_out=("left_out", "sum"),
    )
    return sums.assign(mean=sums["weighted"] / sums["compared"])


def _bps(values: "pd.Series[float]") -> "np.ndarray[Any, np.dtype[np.float64]]":
    """Basis points as a logarithmic axis can show them: 0 is drawn at a hundredth."""
    return np.maximum(values.to_numpy(dtype=np.float64), 0.01).round(2)


def _sizes(extremity: "pd.Series[float]") -> "np.ndarray[Any, np.dtype[np.float64]]":
    share = np.sqrt(extremity / extremity.max())
    return np.asarray(5 + 9 * share, dtype=np.float64).round(1)


def _steps(chosen: list[str]) -> list[list[Any]]:
    """A colour scale of equal steps instead of a gradient."""
    n = len(chosen)
    return [[edge / n, colour] for place, colour in enumerate(chosen) for edge in (place, place + 1)]
