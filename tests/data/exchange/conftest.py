"""A local server that speaks as much of Binance's protocol as public candles need."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlparse

import ccxt
import pytest

from algotrade.data.exchange.clients import spot_client

HOUR_MS = 3_600_000
FIRST_MS = 1_700_000_000_000 // HOUR_MS * HOUR_MS
SYMBOLS = {"BTCUSDT": ("BTC", "USDT"), "ETHUSDT": ("ETH", "USDT"), "ETHBTC": ("ETH", "BTC")}


@dataclass
class Venue:
    """What the server knows and what it was asked.

    ``clock_ms`` is its time; its candles run from ``FIRST_MS`` to the one that is still open then.
    ``refusals`` of candles are answered first, one a request: (status, headers, body); so are the bodies that
    ``instead`` holds for a path. ``change`` is done to each row.
    """

    clock_ms: int = FIRST_MS + 2_500 * HOUR_MS + 1
    most_rows: int = 1_000
    refusals: list[tuple[int, dict[str, str], str]] = field(default_factory=list)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    instead: dict[str, list[str]] = field(default_factory=dict)
    change: Callable[[list[Any]], list[Any]] = lambda row: row
    arrivals: list[tuple[str, float]] = field(default_factory=list)
    url: str = ""

    def answer(self, path: str, query: dict[str, str]) -> tuple[int, dict[str, str], str]:
        self.requests.append((path, query))
        self.arrivals.append((path, time.monotonic()))
        if self.refusals and path == "klines":
            return self.refusals.pop(0)
        if self.instead.get(path):
            return 200, {}, self.instead[path].pop(0)
        answers = {"time": self._time, "exchangeInfo": self._markets, "klines": lambda: self._klines(query)}
        if path not in answers:
            return 404, {}, "{}"
        return 200, {}, json.dumps(answers[path]())

    def klines_asked(self) -> list[dict[str, str]]:
        return [query for path, query in self.requests if path == "klines"]

    def moments_of(self, path: str) -> list[float]:
        return [moment for asked, moment in self.arrivals if asked == path]

    def _time(self) -> dict[str, int]:
        return {"serverTime": self.clock_ms}

    def _markets(self) -> dict[str, Any]:
        return {
            "symbols": [
                {"symbol": name, "status": "TRADING", "baseAsset": base, "quoteAsset": quote, "orderTypes": ["LIMIT"]}
                for name, (base, quote) in SYMBOLS.items()
            ]
        }

    def _klines(self, query: dict[str, str]) -> list[list[Any]]:
        start = max(FIRST_MS, -(-int(query["startTime"]) // HOUR_MS) * HOUR_MS)
        limit = min(self.most_rows, int(query.get("limit", 500)))
        opens = range(start, self.clock_ms + 1, HOUR_MS)[:limit]
        return [self.change(kline(open_time)) for open_time in opens]


def kline(open_time: int) -> list[Any]:
    """Binance's answer for the candle of that hour; the price counts the hours."""
    price = 100.0 + (open_time - FIRST_MS) / HOUR_MS
    return [
        open_time,
        f"{price}",
        f"{price + 0.5}",
        f"{price - 0.5}",
        f"{price + 0.25}",
        "12.5",
        open_time + HOUR_MS - 1,
        "1250.0",
        42,
        "6.0",
        "600.0",
        "0",
    ]


@pytest.fixture
def venue() -> Iterator[Venue]:
    """A running venue."""
    state = Venue()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            url = urlparse(self.path)
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            status, headers, body = state.answer(url.path.rsplit("/", 1)[1], query)
            lines = [f"HTTP/1.1 {status} X", "Content-Type: application/json", f"Content-Length: {len(body)}"]
            lines += [f"{name}: {value}" for name, value in headers.items()]
            # One write: two would wait for each other (Nagle's algorithm and delayed acknowledgements).
            self.wfile.write(("\r\n".join(lines) + "\r\n\r\n" + body).encode())

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def client(venue: Venue) -> ccxt.Exchange:
    """The real ccxt client for Binance, talking to the local venue."""
    client = spot_client("binance", venue.url)
    client.rateLimit, client.timeout = 1, 5_000
    return client
