"""How patient a stream is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class StreamSettings:
    """Times in seconds of this machine.

    Attributes
    ----------
    grace_seconds : float
        How long after its close a candle may take over the socket before it is fetched.
    settle_seconds : float
        The same where the socket does not say that a candle has closed: the exchange's time to make it final.
    silence_seconds : float
        After how long without any message the socket counts as dead.
    longest_pause_seconds : float
        Between two attempts to connect or to fetch; the first ones follow each other faster.
    confirmations : int
        How many answers of the gateway, which makes sure of each, have to lack a candle before the stream goes on
        without it.
    most_resumed : int
        How many candles of a series are fetched at the start, to go on where the store ends.
    most_waiting : int
        How many candles wait for each sink in memory; beyond that the stream stands still, and fetches later.
    linger_seconds : float
        How long the first of a batch waits for the candles that close with it.
    drain_seconds : float
        How long the sinks may take at the end.
    """

    grace_seconds: float = 1.5
    settle_seconds: float = 0.5
    silence_seconds: float = 60.0
    longest_pause_seconds: float = 30.0
    confirmations: int = 2
    most_resumed: int = 10_000
    most_waiting: int = 100_000
    linger_seconds: float = 0.02
    drain_seconds: float = 5.0
