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
