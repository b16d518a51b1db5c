"""What a consolidated series is called."""

from collections.abc import Iterable

from algotrade.errors import ConfigurationError

CONSOLIDATED = "consolidated"
"""How a run asks for the consolidated series instead of one of its exchanges."""


def consolidated_name(exchanges: Iterable[str]) -> str:
    """Name under which the store keeps what is made of these exchanges, whatever their order.

    >>> consolidated_name(["kraken", "binance"])
    'consolidated(binance+kraken)'
    """
    return f"{CONSOLIDATED}({'+'.join(sorted(set(exchanges)))})"


def chosen_series(exchanges: Iterable[str], venue: str | None) -> str:
    """Exchange name under which the run's candles are kept.

    Parameters
    ----------
    exchanges : iterable of str
        Whose candles there are.
    venue : str or None
        One of them, or ``consolidated``; by default the only one there is, else the consolidated series.

    Raises
    ------
    ConfigurationError
        If the venue is none of these, or there is nothing to consolidate.

    >>> chosen_series(["binance"], None), chosen_series(["binance", "kraken"], None)
    ('binance', 'consolidated(binance+kraken)')
    """
    names = sorted(set(exchanges))
    wanted = venue.strip().lower() if venue is not None else None
    if wanted in names:
        return str(wanted)
    if wanted is None and len(names) == 1:
        return names[0]
    if wanted in {None, CONSOLIDATED, consolidated_name(names)} and len(names) > 1:
        return consolidated_name(names)
    accepted = [*names, CONSOLIDATED] if len(names) > 1 else names
    advice = " Several exchanges are named as in exchange=binance+kraken." if len(names) == 1 else ""
    raise ConfigurationError(
        f"venue={venue} is not among the exchanges of this run. Accepted: {', '.join(accepted)}.{advice}"
    )
