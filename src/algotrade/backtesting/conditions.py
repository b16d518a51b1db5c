"""Settings and costs as the numbers that the compiled accounting takes."""

import math
from dataclasses import fields

import numpy as np

from algotrade.backtesting.account import MarketData, SimulationSettings
from algotrade.backtesting.kernel import PlainTerms, Rules
from algotrade.domain.candles import FloatArray, Panel
from algotrade.domain.costs import Costs
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import ConfigurationError

FEE_WINDOW_DAYS = 30
_DAY_MS = 86_400_000
_PLAIN = ("initial_cash", "rebalance_band", "delay", "rebalance_every")
# Numbers that no rule of a plain account looks at.
_WITHOUT_EFFECT = ("maintenance_margin", "volatility_span", "funding_interval_hours", "engine")
_RULES_OFF = tuple(
    (field.name, field.default) for field in fields(SimulationSettings) if field.name not in (*_PLAIN, *_WITHOUT_EFFECT)
)


def is_plain(costs: Costs, settings: SimulationSettings, data: MarketData) -> bool:
    """Whether the fast accounting knows every rule that these settings ask for."""
    plain = all(getattr(settings, name) == default for name, default in _RULES_OFF)
    flat = not (costs.fee_tiers or costs.volatility_slippage or costs.needs_volume)
    return plain and flat and not data.instruments


def plain_terms(costs: Costs, settings: SimulationSettings) -> PlainTerms:
    """What the fast accounting takes."""
    return PlainTerms(
        float(settings.initial_cash),
        float(costs.fee_rate),
        float(costs.slippage_rate),
        float(settings.rebalance_band),
        int(settings.delay),
        int(settings.rebalance_every),
    )


def rules_of(costs: Costs, settings: SimulationSettings, timeframe: Timeframe) -> Rules:
    """What the accounting with every rule takes."""
    margined = settings.market == "perpetual"
    return Rules(
        initial_cash=float(settings.initial_cash),
        slippage_rate=float(costs.slippage_rate),
        rebalance_band=float(settings.rebalance_band),
        volatility_slippage=float(costs.volatility_slippage),
        impact=float(costs.impact),
        volume_cap=_or(costs.volume_cap, math.inf),
        limit_offset=_or(settings.limit_offset_bps, -1e4) / 1e4,
        stop_loss=_or(settings.stop_loss, math.inf),
        take_profit=_or(settings.take_profit, math.inf),
        trailing_stop=_or(settings.trailing_stop, math.inf),
        leverage=float(settings.leverage),
        maintenance_margin=float(settings.maintenance_margin),
        liquidation_rate=costs.liquidation_bps / 1e4,
        borrow_rate=costs.borrow_bps_per_year / 1e4 / timeframe.candles_per_year if margined else 0.0,
        delisting_loss=float(costs.delisting_loss),
        halt_drawdown=_or(settings.halt_drawdown, math.inf),
        derisk_drawdown=_or(settings.derisk_drawdown, math.inf),
        margined=margined,
        delay=int(settings.delay),
        every=int(settings.rebalance_every),
        delist_after=int(_or(settings.delist_after, 2**62)),
        fee_rows=max(1, FEE_WINDOW_DAYS * _DAY_MS // timeframe.milliseconds),
    )


def fee_tiers(costs: Costs) -> FloatArray:
    """Traded notional from which on a tier counts, maker and taker rate; shape ``(tiers, 3)``."""
    base = (0.0, costs.maker_bps / 1e4, costs.fee_rate)
    tiers = [(tier.from_notional, tier.maker_bps / 1e4, tier.taker_bps / 1e4) for tier in costs.fee_tiers]
    return np.array([base, *tiers], dtype=np.float64)


def steps_of(panel: Panel, data: MarketData) -> FloatArray:
    """Tick, lot and minimum notional of every symbol, 0 for none; shape ``(3, symbols)``.

    Raises
    ------
    ConfigurationError
        If an instrument is given that the panel does not have.
    """
    unknown = sorted(set(data.instruments) - set(panel.symbols))
    if unknown:
        raise ConfigurationError(
            f"Instrument {unknown[0]!r} is not among the traded symbols: {', '.join(panel.symbols)}. "
            "Name instruments as the candles do."
        )
    steps = np.zeros((3, len(panel.symbols)))
    for symbol, instrument in data.instruments.items():
        column = panel.symbols.index(symbol)
        steps[:, column] = instrument.tick, instrument.lot, instrument.minimum_notional
    return steps


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else float(value)
