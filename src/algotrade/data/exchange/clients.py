"""The clients of an exchange: ccxt's own class, set up for public candles, or sent to another address."""

import os
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlsplit

from algotrade.errors import ConfigurationError

URL_VARIABLE = "ALGOTRADE_EXCHANGE_URL"
"""Environment variable: where to find an exchange instead of at its own address, as in http://127.0.0.1:8080."""


def spot_client(exchange_id: str, base_url: str | None = None) -> Any:
    """The ccxt client for an exchange's spot markets, without keys, that keeps to the rate limit.

    Parameters
    ----------
    exchange_id : str
        ccxt's name of the exchange ("binance").
    base_url : str, optional
        Address of a server that speaks the exchange's protocol; every request and stream of the client goes
        there. By default what ``ALGOTRADE_EXCHANGE_URL`` says, else the exchange's own addresses.

    Raises
    ------
    ConfigurationError
        If ccxt does not know the exchange, or the address is none.
    """
    import ccxt  # noqa: PLC0415 - takes half a second, and only exchanges need it

    return _client(ccxt, exchange_id, base_url)


def stream_client(exchange_id: str, base_url: str | None = None) -> Any:
    """The ccxt.pro client for an exchange's spot streams; as :func:`spot_client`, and to be closed with ``await``.

    Raises
    ------
    ConfigurationError
        If ccxt has no streams of the exchange, or the address is none.
    """
    import ccxt.pro  # noqa: PLC0415

    return _client(ccxt.pro, exchange_id, base_url)


def redirected_to(base_url: str | None = None) -> str | None:
    """Address that clients are sent to, without a slash at its end; None for the exchange's own.

    Raises
    ------
    ConfigurationError
        If it is no address of a server.
    """
    address = base_url if base_url is not None else os.environ.get(URL_VARIABLE) or None
    if address is None:
        return None
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.query or parts.fragment:
        raise ConfigurationError(
            f"{address!r} is no address of an exchange. Accepted is one like http://127.0.0.1:8080, as {URL_VARIABLE} "
            "or by argument; unset the variable to reach the exchange itself."
        )
    return address.rstrip("/")


def exchange_name(exchange_id: str, base_url: str | None = None) -> str:
    """Name to file an exchange's candles under: another address gives another name, so that the two never mix.

    >>> exchange_name("binance", "http://127.0.0.1:8080")
    'binance@127.0.0.1:8080'
    """
    address = redirected_to(base_url)
    return exchange_id if address is None else f"{exchange_id}@{urlsplit(address).netloc}"


def redirect(client: Any, base_url: str) -> None:
    """Send every request and stream of a ccxt client to another server; no URL of the exchange is left in it.

    The path of each URL stays. Streams get ``/stream`` before it, by which ccxt tells Binance's spot streams from
    its futures. ccxt also chooses the class of some errors by the URL, so that look-up still sees the real one.
    """
    official = _texts(client.urls["api"])
    client.urls["api"] = _moved(client.urls["api"], base_url)
    lookup = getattr(client, "get_exceptions_by_url", None)
    if lookup is not None and official:
        own = next((url for url in official if urlsplit(url).netloc.startswith("api.")), official[0])
        host = f"{urlsplit(own).scheme}://{urlsplit(own).netloc}"

        def exceptions_by_url(url: str | None, kind: str) -> Any:
            return lookup(None if url is None else url.replace(base_url, host, 1), kind)

        client.get_exceptions_by_url = exceptions_by_url


def closest(name: str, accepted: Iterable[str]) -> str:
    """Sentence that names what comes closest to a name that is not accepted."""
    names = sorted(accepted)
    matches = get_close_matches(name, names, n=5, cutoff=0.5)
    if matches:
        return f"The closest of the {len(names)} accepted are {', '.join(matches)}."
    return f"Accepted are {len(names)}, among them {', '.join(names[:8])}."


def _client(library: Any, exchange_id: str, base_url: str | None) -> Any:
    if exchange_id not in library.exchanges:
        raise ConfigurationError(
            f"{library.__name__} knows no exchange {exchange_id!r}. {closest(exchange_id, library.exchanges)}"
        )
    # Retries are ours to make: ccxt's do not wait as long as the exchange asks.
    options = {"maxRetriesOnFailure": 0}
    client = getattr(library, exchange_id)({"enableRateLimit": True, "options": options})
    markets = client.options.get("fetchMarkets")
    if isinstance(markets, dict) and "spot" in (markets.get("types") or ()):
        # One request instead of one for every kind of market: Binance's futures live on other hosts.
        markets["types"] = ["spot"]
    address = redirected_to(base_url)
    if address is not None:
        redirect(client, address)
    _refuse_what_is_no_json(client)
    return client


def _refuse_what_is_no_json(client: Any) -> None:
    """Make an answer of status 200 that is no JSON an error: ccxt would read a list without candles out of it."""
    from ccxt import BadResponse  # noqa: PLC0415

    handle = client.handle_errors

    def handle_errors(code: int, reason: str, url: str, *rest: Any) -> Any:
        handled = handle(code, reason, url, *rest)
        body, answer = str(rest[2] if len(rest) > 2 else ""), rest[3] if len(rest) > 3 else None
        if 200 <= int(code) < 300 and answer is None:
            raise BadResponse(f"{client.id} {url.partition('?')[0]} answered with what is no JSON: {body[:80]!r}")
        return handled

    client.handle_errors = handle_errors


def _moved(urls: Any, base_url: str) -> Any:
    if isinstance(urls, dict):
        return {name: _moved(url, base_url) for name, url in urls.items()}
    if not isinstance(urls, str):
        return urls
    parts = urlsplit(urls)
    if parts.scheme not in {"ws", "wss"}:
        return base_url + parts.path
    stream = "" if parts.path.startswith(("/stream", "/ws-")) else "/stream"
    return "ws" + base_url.removeprefix("http") + stream + parts.path


def _texts(urls: Any) -> list[str]:
    if isinstance(urls, dict):
        return [text for url in urls.values() for text in _texts(url)]
    return [urls] if isinstance(urls, str) else []
