"""The clients of an exchange are ccxt's own; another address takes every one of their URLs."""

from typing import Any

import ccxt
import ccxt.pro
import pytest

from algotrade.data.exchange.clients import URL_VARIABLE, exchange_name, redirected_to, spot_client, stream_client
from algotrade.errors import ConfigurationError

LOCAL = "http://127.0.0.1:8080"


def addresses(urls: Any) -> list[str]:
    if isinstance(urls, dict):
        return [url for value in urls.values() for url in addresses(value)]
    return [urls]


def test_the_exchange_itself_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(URL_VARIABLE, raising=False)
    client = spot_client("binance")

    assert type(client) is ccxt.binance
    assert client.urls["api"] == ccxt.binance().urls["api"]
    assert client.enableRateLimit
    assert client.options["fetchMarkets"]["types"] == ["spot"]
    assert client.options["maxRetriesOnFailure"] == 0
    assert not client.apiKey


@pytest.mark.parametrize("exchange", ["binance", "kraken", "coinbase", "bybit"])
def test_another_address_takes_every_url(exchange: str) -> None:
    for client in (spot_client(exchange, LOCAL), stream_client(exchange, LOCAL + "/")):
        found = addresses(client.urls["api"])
        assert found
        assert all(url.startswith((LOCAL + "/", "ws://127.0.0.1:8080/")) or url == LOCAL for url in found)
    assert isinstance(client, getattr(ccxt.pro, exchange))


def test_the_paths_stay() -> None:
    urls = stream_client("binance", LOCAL).urls["api"]

    assert urls["public"] == f"{LOCAL}/api/v3"
    assert urls["ws"]["spot"] == "ws://127.0.0.1:8080/stream/ws"
    assert urls["ws"]["ws-api"]["spot"] == "ws://127.0.0.1:8080/ws-api/v3"


def test_other_clients_stay_where_they_are() -> None:
    before = ccxt.binance().urls["api"]["public"]
    spot_client("binance", LOCAL)

    assert ccxt.binance().urls["api"]["public"] == before


@pytest.mark.parametrize(("code", "kind"), [(-1008, ccxt.OperationFailed), (-2008, ccxt.AuthenticationError)])
def test_errors_keep_their_class(code: int, kind: type[Exception]) -> None:
    """Classes that ccxt tells by the URL; on a foreign one they would be plain ``ExchangeError``."""
    client, body = spot_client("binance", LOCAL), {"code": code, "msg": "?"}
    url = f"{LOCAL}/api/v3/time"

    with pytest.raises(kind):
        client.handle_errors(400, "Bad Request", url, "GET", {}, client.json(body), body, {}, None)


def test_the_environment_names_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URL_VARIABLE, LOCAL)
    assert spot_client("binance").urls["api"]["public"] == f"{LOCAL}/api/v3"
    assert spot_client("binance", "http://localhost:1").urls["api"]["public"] == "http://localhost:1/api/v3"
    assert exchange_name("binance") == "binance@127.0.0.1:8080"
    monkeypatch.setenv(URL_VARIABLE, "")
    assert redirected_to() is None
    assert exchange_name("binance") == "binance"


@pytest.mark.parametrize("address", ["127.0.0.1:8080", "ftp://127.0.0.1", "http://", "http://host?x=1"])
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(ConfigurationError, match="is no address of an exchange"):
        spot_client("binance", address)


def test_what_ccxt_does_not_know() -> None:
    with pytest.raises(ConfigurationError, match=r"ccxt knows no exchange 'binanse'\. The closest .*binance"):
        spot_client("binanse")
    with pytest.raises(ConfigurationError, match=r"ccxt\.pro knows no exchange"):
        stream_client("btcbox")
