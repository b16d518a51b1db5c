"""Exchanges that answer in the recorded form of the real ones, each with its own way of paging.

They stand behind ``client.fetch`` of the real ccxt classes: the request that ccxt built goes in as a URL, the parsed
JSON comes out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import ccxt
import numpy as np

from algotrade.data.exchange.clients import spot_client
from algotrade.domain.candles import Candles
from algotrade.domain.timeframe import Timeframe

MINUTE_MS = 60_000
START_MS = 1_704_067_200_000


@dataclass
class Market:
    """A minute market from a start to now, with outages, and a candle that is still forming.

    ``closed`` are the minutes (from the start) that have a candle; ``asked`` the queries for candles.
    """

    minutes: int
    outages: tuple[range, ...] = ()
    asked: list[dict[str, str]] = field(default_factory=list)

    @property
    def now_ms(self) -> int:
        return START_MS + self.minutes * MINUTE_MS + 30_000

    @property
    def closed(self) -> list[int]:
        return [minute for minute in range(self.minutes) if not any(minute in outage for outage in self.outages)]

    def opens(self, length_ms: int) -> list[int]:
        """Open times of everything there is, the forming candle included."""
        minutes = [START_MS + minute * MINUTE_MS for minute in [*self.closed, self.minutes]]
        return sorted({time - time % length_ms for time in minutes})


def numbers(time_ms: int) -> list[float]:
    """Open, high, low, close and volume of the candle of that time."""
    price = 100.0 + (time_ms - START_MS) // MINUTE_MS % 997
    return [price, price + 0.5, price - 0.5, price + 0.25, 12.5]


def kraken(market: Market, path: str, query: Mapping[str, str]) -> Any:
    """Sends the latest 720 candles after ``since``, whatever it is, and the forming one."""
    if path.endswith("/Time"):
        return {"error": [], "result": {"unixtime": market.now_ms // 1000, "rfc1123": "-"}}
    if path.endswith("/OHLC"):
        market.asked.append(dict(query))
        length = int(query["interval"]) * MINUTE_MS
        times = [time for time in market.opens(length)[-720:] if time > int(query.get("since", 0)) * 1000]
        rows = []
        for time in times:
            o, h, low, c, v = numbers(time)
            rows.append([time // 1000, f"{o}", f"{h}", f"{low}", f"{c}", f"{o}", f"{v}", 42])
        return {"error": [], "result": {"XXBTZUSD": rows, "last": times[-2] // 1000 if len(times) > 1 else 0}}
    if path.endswith("/AssetPairs"):
        pair = {"altname": "XBTUSD", "wsname": "XBT/USD", "aclass_base": "currency", "base": "XXBT", "quote": "ZUSD"}
        pair |= {
            "pair_decimals": 1,
            "lot_decimals": 8,
            "lot_multiplier": 1,
            "fees": [[0, 0.4]],
            "fees_maker": [[0, 0.2]],
        }
        pair |= {"leverage_buy": [], "leverage_sell": [], "ordermin": "0.00005", "costmin": "0.5", "tick_size": "0.1"}
        return {"error": [], "result": {"XXBTZUSD": pair | {"status": "online"}}}
    if path.endswith("/Assets"):
        asset = {"aclass": "currency", "decimals": 10, "display_decimals": 5, "status": "enabled"}
        return {"error": [], "result": {"XXBT": asset | {"altname": "XBT"}, "ZUSD": asset | {"altname": "USD"}}}
    raise AssertionError(f"kraken was asked {path}")


def coinbase(market: Market, path: str, query: Mapping[str, str]) -> Any:
    """Sends what lies between two times, newest first; more than 350 candles at once are refused."""
    if path.endswith("/time"):
        return {"data": {"iso": "-", "epoch": market.now_ms // 1000}}
    if path.endswith("/candles"):
        market.asked.append(dict(query))
        length = {"ONE_MINUTE": 1, "ONE_DAY": 1440}[query["granularity"]] * MINUTE_MS
        start, end = int(query["start"]) * 1000, int(query["end"]) * 1000
        if (end - start) // length > 350:
            raise ccxt.BadRequest("coinbase number of candles requested should be less than 350")
        rows = []
        for time in [time for time in market.opens(length) if start <= time <= end][::-1]:
            o, h, low, c, v = numbers(time)
            rows.append({"start": str(time // 1000), "low": f"{low}", "high": f"{h}", "open": f"{o}", "close": f"{c}"})
            rows[-1]["volume"] = f"{v}"
        return {"candles": rows}
    if path.endswith("/products"):
        product = {"product_id": "BTC-USD", "price": "67060", "base_increment": "0.00000001", "quote_increment": "0.01"}
        product |= {"quote_min_size": "1", "quote_max_size": "150000000", "base_min_size": "0.00000001"}
        product |= {"base_max_size": "3400", "base_name": "Bitcoin", "quote_name": "US Dollar", "status": "online"}
        product |= {"cancel_only": False, "limit_only": False, "post_only": False, "trading_disabled": False}
        product |= {"product_type": "SPOT", "quote_currency_id": "USD", "base_currency_id": "BTC", "alias": ""}
        product |= {"base_display_symbol": "BTC", "quote_display_symbol": "USD", "price_increment": "0.01"}
        return {"products": [product], "num_products": "1"}
    if path.endswith(("/currencies", "/currencies/crypto")):
        return {"data": [{"id": "BTC", "code": "BTC", "name": "Bitcoin", "min_size": "0.01", "type": "crypto"}]}
    if path.endswith("/exchange-rates"):
        return {"data": {"currency": "USD", "rates": {"BTC": "0.00001", "USD": "1"}}}
    raise AssertionError(f"coinbase was asked {path}")


def bybit(market: Market, path: str, query: Mapping[str, str]) -> Any:
    """Sends the last candles before ``end``, newest first, at most a thousand."""
    answer = {"retCode": 0, "retMsg": "OK", "retExtInfo": {}, "time": market.now_ms}
    if path.endswith("/time"):
        return answer | {"result": {"timeSecond": str(market.now_ms // 1000), "timeNano": str(market.now_ms * 10**6)}}
    if path.endswith("/kline"):
        market.asked.append(dict(query))
        length = {"1": 1, "D": 1440}[query["interval"]] * MINUTE_MS
        start, end = int(query["start"]), int(query.get("end", market.now_ms))
        times = [time for time in market.opens(length) if start <= time <= end][::-1][: min(1000, int(query["limit"]))]
        rows = []
        for time in times:
            o, h, low, c, v = numbers(time)
            rows.append([str(time), f"{o}", f"{h}", f"{low}", f"{c}", f"{v}", f"{o * v}"])
        return answer | {"result": {"category": "spot", "symbol": "BTCUSDT", "list": rows}}
    if path.endswith("/instruments-info"):
        listed = {"symbol": "BTCUSDT", "baseCoin": "BTC", "quoteCoin": "USDT", "innovation": "0", "status": "Trading"}
        lot = {"basePrecision": "0.000001", "quotePrecision": "0.00000001", "minOrderQty": "0.000048"}
        lot |= {"maxOrderQty": "71.7", "minOrderAmt": "1", "maxOrderAmt": "4000000"}
        listed |= {"marginTrading": "both", "lotSizeFilter": lot, "priceFilter": {"tickSize": "0.01"}}
        return answer | {"result": {"category": "spot", "list": [listed], "nextPageCursor": ""}}
    raise AssertionError(f"bybit was asked {path}")


def binance(market: Market, path: str, query: Mapping[str, str]) -> Any:
    """Sends the first candles from ``startTime`` on, at most a thousand."""
    if path.endswith("/time"):
        return {"serverTime": market.now_ms}
    if path.endswith("/klines"):
        market.asked.append(dict(query))
        length = {"1m": 1, "1d": 1440}[query["interval"]] * MINUTE_MS
        rows = []
        for time in [time for time in market.opens(length) if time >= int(query["startTime"])][: int(query["limit"])]:
            o, h, low, c, v = map(str, numbers(time))
            rows.append([time, o, h, low, c, v, time + length - 1, "1250.0", 42, "6.0", "600.0", "0"])
        return rows
    if path.endswith("/exchangeInfo"):
        listed = {"symbol": "BTCUSDT", "status": "TRADING", "baseAsset": "BTC", "quoteAsset": "USDT"}
        return {"symbols": [listed | {"orderTypes": ["LIMIT"], "filters": []}]}
    raise AssertionError(f"binance was asked {path}")


EXCHANGES: Mapping[str, tuple[str, Callable[[Market, str, Mapping[str, str]], Any]]] = {
    "binance": ("BTC/USDT", binance),
    "bybit": ("BTC/USDT", bybit),
    "coinbase": ("BTC/USD", coinbase),
    "kraken": ("BTC/USD", kraken),
}


def client_of(exchange: str, market: Market) -> Any:
    """The real ccxt class of an exchange, whose requests end here."""
    client = spot_client(exchange)
    client.rateLimit = 0

    def fetch(url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        parts = urlsplit(url)
        return EXCHANGES[exchange][1](market, parts.path, dict(parse_qsl(parts.query)))

    client.fetch = fetch
    return client


def truth(market: Market, minutes: list[int]) -> Candles:
    """Candles of these minutes."""
    times = np.array([START_MS + minute * MINUTE_MS for minute in minutes], dtype=np.int64)
    columns = np.array([numbers(int(time)) for time in times]).reshape(-1, 5).T
    unknown = np.full(len(times), np.nan)
    return Candles(times, *columns, unknown, unknown, unknown)


MINUTE = Timeframe("1m")
