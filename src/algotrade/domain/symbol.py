"""Names of instruments, written one way."""

_QUOTES = (
    "USDT", "USDC", "FDUSD", "TUSD", "BUSD", "USDP", "DAI", "USD", "EUR", "GBP", "TRY", "BRL", "JPY", "KRW", "AUD",
    "BTC", "ETH", "BNB", "XBT",
)  # fmt: skip


def unified_symbol(name: str) -> str:
    """Symbol as ``BASE/QUOTE``; a name without a known quote currency stays as it is.

    Accepts what exchanges and file names use: ``BTCUSDT``, ``btc-usdt``, ``BTC_USDT``,
    ``BTC/USDT:USDT`` (the settlement currency of a perpetual is kept).

    >>> [unified_symbol(name) for name in ("BTCUSDT", "btc-usd", "XRP_ETH", "AAPL", "BTC/USDT:USDT")]
    ['BTC/USDT', 'BTC/USD', 'XRP/ETH', 'AAPL', 'BTC/USDT:USDT']
    """
    upper = name.strip().upper()
    if "/" in upper:
        return upper
    for separator in ("-", "_"):
        if separator in upper:
            return upper.replace(separator, "/", 1)
    quote = next((known for known in _QUOTES if upper.endswith(known) and len(upper) > len(known)), None)
    return f"{upper.removesuffix(quote)}/{quote}" if quote else upper


def is_perpetual(symbol: str) -> bool:
    """Whether the symbol names the currency that it settles in, and no date on which it ends.

    >>> [is_perpetual(symbol) for symbol in ("BTC/USDT:USDT", "BTC/USDT", "BTC/USDT:USDT-240628")]
    [True, False, False]
    """
    settlement = symbol.partition(":")[2]
    return bool(settlement) and "-" not in settlement


def counterpart(symbol: str) -> str:
    """The perpetual that settles in the quote currency of a spot pair; the spot pair of a perpetual.

    >>> counterpart("BTC/USDT"), counterpart("BTC/USDT:USDT")
    ('BTC/USDT:USDT', 'BTC/USDT')
    """
    spot, _, settlement = symbol.partition(":")
    return spot if settlement else f"{spot}:{spot.rpartition('/')[2]}"
