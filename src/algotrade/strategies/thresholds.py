"""Thresholds that open and close a position, checked against each other."""

from algotrade.errors import ConfigurationError


def check_thresholds(owner: str, entry: tuple[str, float], leave: tuple[str, float], *, above: bool = True) -> None:
    """Refuse thresholds by which a position would close where it opens.

    Parameters
    ----------
    owner : str
        Name of the strategy.
    entry, leave : tuple of str and float
        Name and value of the parameter.
    above : bool
        Whether the entry must not lie below the exit, or not above it.

    Raises
    ------
    ConfigurationError
        Naming both parameters and what to do.
    """
    (opening, opens_at), (closing, closes_at) = entry, leave
    if opens_at < closes_at if above else opens_at > closes_at:
        lies, change, other = ("below", "Raise", "lower") if above else ("above", "Lower", "raise")
        raise ConfigurationError(
            f"{owner}: {opening} {opens_at:g} lies {lies} {closing} {closes_at:g}; "
            f"a position would close where it opens. {change} {opening} or {other} {closing}."
        )
