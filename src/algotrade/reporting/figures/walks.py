"""Parameters chosen on each training window, and what became of them on the next."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from algotrade.reporting.figures.canvas import HIGHLIGHT, MUTED, canvas, has_rows, plain, without_data
from algotrade.reporting.figures.curves import EQUITY_COLUMNS, add_lines, curves
from algotrade.reporting.figures.sampling import thinned, time_labels
from algotrade.reporting.scorecard import JUDGED_STRATEGY

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

CHOICE_COLUMNS = ("strategy", "window", "test_start", "train_sharpe", "test_sharpe")
NOT_WALKED = "No choices to draw: no parameters were chosen walking forward."


def walk_forward_choices(choices: pd.DataFrame, champion: str = JUDGED_STRATEGY) -> "Figure":
    """Sharpe ratio that the chosen parameters had on the training window (hollow) and then on the test window.

    Parameters
    ----------
    choices : DataFrame
        A row a strategy and window: ``strategy``, ``window``, ``test_start``, ``train_sharpe``, ``test_sharpe``.
    champion : str
    """
    if not has_rows(choices, CHOICE_COLUMNS, "walk_forward_choices"):
        return without_data(NOT_WALKED)
    figure = canvas(height=340, hovermode="closest")
    names = sorted(choices["strategy"].unique(), key=lambda name: (name == champion, str(name)))
    colour = {name: HIGHLIGHT if name == champion else MUTED for name in names}
    for name in names:
        rows = choices[choices["strategy"] == name].sort_values("test_start")
        times = time_labels(pd.DatetimeIndex(rows["test_start"]))
        for column, said, symbol in (
            ("train_sharpe", "promised", "circle-open"),
            ("test_sharpe", "kept", "circle"),
        ):
            figure.add_scatter(
                x=times,
                y=rows[column].to_numpy(dtype=np.float64),
                name=plain(name) if name == champion else "others",
                legendgroup=name if name == champion else "others",
                showlegend=column == "test_sharpe" and name in (champion, names[0]),
                opacity=1.0 if name == champion else 0.35,
                mode="lines+markers",
                line={"color": colour[name], "width": 1.6, "dash": "dot" if column == "train_sharpe" else "solid"},
                marker={"symbol": symbol, "size": 8},
                customdata=[plain(text) for text in rows["variant"]] if "variant" in rows.columns else None,
                hovertemplate=f"{said} %{{y:.2f}}: %{{customdata}}<extra>{plain(name)}</extra>",
            )
    figure.add_hline(y=0, line={"width": 1, "dash": "dot", "color": MUTED})
    figure.update_xaxes(type="date", showgrid=False, title_text="test window from")
    figure.update_yaxes(title_text="Sharpe")
    return figure


def walk_forward_equity(equity: pd.DataFrame, champion: str = JUDGED_STRATEGY) -> "Figure":
    """Growth of 1 of strategies whose parameters were chosen anew on each training window.

    Parameters
    ----------
    equity : DataFrame
        Long: ``strategy``, ``time``, ``equity``, over the test windows alone.
    champion : str
    """
    grown = curves(equity, champion) if has_rows(equity, EQUITY_COLUMNS, "walk_forward_equity") else {}
    if not grown:
        return without_data(NOT_WALKED)
    figure = canvas(height=340)
    add_lines(figure, grown, champion, hover="%{y:.3f}")
    if champion in grown and "default_equity" in equity.columns:
        default = equity.loc[equity["strategy"] == champion, ["time", "default_equity"]].set_index("time")
        drawn = thinned(default["default_equity"] / default["default_equity"].iloc[0])
        figure.add_scatter(
            x=time_labels(drawn.index), y=drawn.to_numpy(), name=f"{plain(champion)} as configured", mode="lines",
            line={"color": HIGHLIGHT, "width": 1.4, "dash": "dot"}, hovertemplate="%{y:.3f}",
        )  # fmt: skip
    figure.update_yaxes(title_text="growth of 1", tickformat=".3~g", nticks=8)
    return figure
