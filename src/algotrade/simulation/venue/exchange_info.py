"""The rules of the venue, in the shape of Binance's ``exchangeInfo``."""

from typing import Any

from algotrade.simulation.venue.listing import UNIT, Listing, printed
from algotrade.simulation.venue.weights import WeightLimits

_ORDER_TYPES = ("LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT")
_LARGEST_QUANTITY = 9_000_000 * UNIT
_LARGEST_PRICE = 1_000_000 * UNIT
_SMALLEST_NOTIONAL = 5 * UNIT


def rate_limits(limits: WeightLimits) -> list[dict[str, Any]]:
    """What a client may send."""
    window = round(limits.window_seconds)
    interval = ("MINUTE", window // 60) if window % 60 == 0 and window else ("SECOND", max(window, 1))
    return [
        _rate("REQUEST_WEIGHT", *interval, limits.weight),
        _rate("ORDERS", "SECOND", 10, 100),
        _rate("ORDERS", "DAY", 1, 200_000),
        _rate("RAW_REQUESTS", "MINUTE", 5, 61_000),
    ]


def symbol_rules(listing: Listing) -> dict[str, Any]:
    """Rules of one instrument."""
    return {
        "symbol": listing.id,
        "status": "TRADING",
        "baseAsset": listing.base,
        "baseAssetPrecision": 8,
        "quoteAsset": listing.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": list(_ORDER_TYPES),
        "icebergAllowed": False,
        "ocoAllowed": False,
        "otoAllowed": False,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": False,
        "cancelReplaceAllowed": True,
        "amendAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": _filters(listing),
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": ["EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"],
    }


def _filters(listing: Listing) -> list[dict[str, Any]]:
    tick, lot, largest = printed(listing.tick), printed(listing.lot), printed(_LARGEST_QUANTITY)
    return [
        {"filterType": "PRICE_FILTER", "minPrice": tick, "maxPrice": printed(_LARGEST_PRICE), "tickSize": tick},
        {"filterType": "LOT_SIZE", "minQty": lot, "maxQty": largest, "stepSize": lot},
        {"filterType": "MARKET_LOT_SIZE", "minQty": printed(0), "maxQty": largest, "stepSize": printed(0)},
        {
            "filterType": "PERCENT_PRICE_BY_SIDE",
            "bidMultiplierUp": "5",
            "bidMultiplierDown": "0.2",
            "askMultiplierUp": "5",
            "askMultiplierDown": "0.2",
            "avgPriceMins": 5,
        },
        {
            "filterType": "NOTIONAL",
            "minNotional": printed(_SMALLEST_NOTIONAL),
            "applyMinToMarket": True,
            "maxNotional": printed(_LARGEST_QUANTITY),
            "applyMaxToMarket": False,
            "avgPriceMins": 5,
        },
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": 200},
    ]


def _rate(kind: str, interval: str, count: int, limit: int) -> dict[str, Any]:
    return {"rateLimitType": kind, "interval": interval, "intervalNum": count, "limit": limit}
