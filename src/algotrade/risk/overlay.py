"""The limits one after another: from the weights that a strategy asks for to those that are traded."""

import numpy as np

from algotrade.domain.candles import FloatArray, Panel
from algotrade.errors import StrategyError
from algotrade.risk.forecast import portfolio_volatility
from algotrade.risk.settings import RiskSettings
from algotrade.risk.weights import gross_limit, net_limit, turnover_limit, volatility_target, weight_limit
from algotrade.strategies import MarketView, Strategy


def apply_overlay(
    market: MarketView | Panel, weights: FloatArray, settings: RiskSettings, initial_weights: FloatArray | None = None
) -> FloatArray:
    """Weights within every limit that is on: scaled to the volatility first, then cut, then taken in steps.

    Causal, and resumable: the weights that it returned one row earlier are its whole memory. With everything off it
    returns the weights as they are. Net exposure is limited before gross, which scales all weights alike and so
    keeps it. The step of a limited turnover leads from weights within the other limits to weights within them; only
    the target volatility may be missed by it.

    Parameters
    ----------
    market : MarketView or Panel
        Candles up to the last decision, with ``settings.lookback`` rows of context where they exist.
    weights : ndarray of shape (n, symbols)
        Asked for in the last ``n`` rows.
    settings : RiskSettings
    initial_weights : ndarray of shape (symbols,), optional
        The last ones that this function returned; nothing held by default.

    Raises
    ------
    StrategyError
        If the weights do not fit the candles, or are not finite.
    """
    panel = market.panel if isinstance(market, MarketView) else market
    held = np.zeros(len(panel.symbols)) if initial_weights is None else np.asarray(initial_weights, dtype=np.float64)
    _check(panel, weights, held)
    if settings.target_volatility is not None:
        window, half_life = settings.volatility_window, settings.volatility_half_life
        volatility = portfolio_volatility(panel, weights, window, half_life)
        weights = volatility_target(weights, volatility, settings.target_volatility, settings.maximum_scale)
    if settings.maximum_weight is not None:
        weights = weight_limit(weights, settings.maximum_weight)
    if settings.maximum_net is not None:
        weights = net_limit(weights, settings.maximum_net)
    if settings.maximum_gross is not None:
        weights = gross_limit(weights, settings.maximum_gross)
    if settings.maximum_turnover is not None:
        weights = turnover_limit(weights, settings.maximum_turnover, held)
    return weights


def managed_weights(strategy: Strategy, view: MarketView, settings: RiskSettings | None = None) -> FloatArray:
    """Target weights of a strategy within the limits, shape ``(len(view), symbols)``, starting from nothing held.

    Raises
    ------
    StrategyError
        As the strategy and :func:`apply_overlay` do.
    """
    weights = strategy.target_weights(view)
    return weights if settings is None or not settings.active else apply_overlay(view, weights, settings)


def _check(panel: Panel, weights: FloatArray, held: FloatArray) -> None:
    symbols = len(panel.symbols)
    if weights.ndim != 2 or weights.shape[1] != symbols or len(weights) > len(panel):
        raise StrategyError(
            f"Weights must be rows of {symbols} symbols, at most {len(panel)} of them as the panel has; "
            f"found the shape {weights.shape}. Pass what the strategy returned for this view."
        )
    if held.shape != (symbols,) or not np.isfinite(held).all():
        raise StrategyError(
            f"Initial weights must be {symbols} finite numbers, one a symbol; found {held.tolist()}. "
            "Pass the last row that the overlay returned, or nothing when no position is held."
        )
    if not np.isfinite(weights).all():
        row, column = np.argwhere(~np.isfinite(weights))[0]
        raise StrategyError(
            f"Weights must be finite; row {row} of {panel.symbols[column]} is {weights[row, column]}. "
            "A strategy without an opinion keeps its previous weight or returns 0."
        )
