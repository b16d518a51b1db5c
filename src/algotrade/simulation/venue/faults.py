"""What can go wrong at a venue, each as a value.

::

    Fault
    ├── AnswerFault          with the answer to a request
    │   ├── RateLimited      429 or 418 with Retry-After
    │   ├── ServerError      5xx, with a page of HTML
    │   ├── JunkBody         status 200, but no JSON
    │   ├── TruncatedBody    status 200, JSON that ends too early
    │   ├── CutAnswer        the connection ends in the middle of the body
    │   ├── ConnectionReset  the connection ends before the answer
    │   ├── NoAnswer         nothing comes
    │   ├── SlowAnswer       the right answer, late
    │   ├── ClockSkew        the answer of a venue whose clock is off
    │   ├── DuplicatedRows   some rows twice
    │   ├── ShuffledRows     rows out of order
    │   └── MissingRows      some rows left out
    └── EventFault           with an event of a stream
        ├── DroppedSocket    the connection ends
        ├── DuplicatedEvent  it comes twice
        ├── LateEvent        it comes late, behind later ones
        ├── ReorderedEvent   it comes after the next one
        └── MissingEvent     it never comes
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from random import Random

from algotrade.errors import ConfigurationError


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong."""


@dataclass(frozen=True)
class AnswerFault(Fault):
    """Something that goes wrong with the answer to a request."""


@dataclass(frozen=True)
class EventFault(Fault):
    """Something that goes wrong with an event of a stream."""


@dataclass(frozen=True)
class RateLimited(AnswerFault):
    """A refusal for asking too much; ``status`` is 429, or 418 for a ban."""

    status: int = 429
    retry_after_seconds: int | None = 1

    def __post_init__(self) -> None:
        if self.status not in {429, 418}:
            raise ConfigurationError(f"venue: a limited rate has status 429 or 418, not {self.status}.")


@dataclass(frozen=True)
class ServerError(AnswerFault):
    """An answer of status 500 to 599 that no API wrote."""

    status: int = 503
    body: str = "<html><body><h1>Service Temporarily Unavailable</h1></body></html>"

    def __post_init__(self) -> None:
        if not 500 <= self.status <= 599:
            raise ConfigurationError(f"venue: an error of the server has status 500 to 599, not {self.status}.")


@dataclass(frozen=True)
class JunkBody(AnswerFault):
    """An answer of status 200 that is no JSON."""

    text: str = "<!doctype html><title>Just a moment...</title>"


@dataclass(frozen=True)
class TruncatedBody(AnswerFault):
    """An answer of status 200 whose JSON ends after a share of it; the length in its header agrees."""

    share: float = 0.5

    def __post_init__(self) -> None:
        _fraction("share", self.share)


@dataclass(frozen=True)
class CutAnswer(AnswerFault):
    """An answer whose connection is reset after a share of the body."""

    share: float = 0.5

    def __post_init__(self) -> None:
        _fraction("share", self.share)


@dataclass(frozen=True)
class ConnectionReset(AnswerFault):
    """A connection that is reset before anything is answered."""


@dataclass(frozen=True)
class NoAnswer(AnswerFault):
    """Silence, and after ``seconds`` the end of the connection."""

    seconds: float = 3_600.0

    def __post_init__(self) -> None:
        _duration(self.seconds)


@dataclass(frozen=True)
class SlowAnswer(AnswerFault):
    """The right answer, after ``seconds``."""

    seconds: float = 1.0

    def __post_init__(self) -> None:
        _duration(self.seconds)


@dataclass(frozen=True)
class ClockSkew(AnswerFault):
    """The answer of a venue whose clock is ahead by ``milliseconds`` (behind, if negative)."""

    milliseconds: int = 60_000


@dataclass(frozen=True)
class RowFault(AnswerFault, ABC):
    """Something that goes wrong with a list of rows."""

    @abstractmethod
    def change(self, rows: list[bytes], random: Random) -> list[bytes]:
        """Rows as they are sent."""


@dataclass(frozen=True)
class DuplicatedRows(RowFault):
    """Up to ``count`` rows are there twice."""

    count: int = 1

    def change(self, rows: list[bytes], random: Random) -> list[bytes]:
        """Rows with some of them repeated."""
        twice = set(random.sample(range(len(rows)), min(self.count, len(rows))))
        return [row for k, row in enumerate(rows) for _ in range(1 + (k in twice))]


@dataclass(frozen=True)
class ShuffledRows(RowFault):
    """The rows come in any order."""

    def change(self, rows: list[bytes], random: Random) -> list[bytes]:
        """Rows in another order."""
        return random.sample(rows, len(rows))


@dataclass(frozen=True)
class MissingRows(RowFault):
    """Up to ``count`` rows are left out of this answer; the venue has them."""

    count: int = 1

    def change(self, rows: list[bytes], random: Random) -> list[bytes]:
        """Rows without some of them."""
        gone = set(random.sample(range(len(rows)), min(self.count, len(rows))))
        return [row for k, row in enumerate(rows) if k not in gone]


@dataclass(frozen=True)
class DroppedSocket(EventFault):
    """A socket that is closed instead of sending the event; without a code it is reset."""

    code: int | None = 1001


@dataclass(frozen=True)
class DuplicatedEvent(EventFault):
    """An event that is sent twice."""


@dataclass(frozen=True)
class LateEvent(EventFault):
    """An event that is sent after ``seconds``, behind those that come meanwhile."""

    seconds: float = 1.0

    def __post_init__(self) -> None:
        _duration(self.seconds)


@dataclass(frozen=True)
class ReorderedEvent(EventFault):
    """An event that is sent after the next one on its connection."""


@dataclass(frozen=True)
class MissingEvent(EventFault):
    """An event that is never sent."""


def _fraction(name: str, value: float) -> None:
    if not 0 <= value < 1:
        raise ConfigurationError(f"venue: {name} is {value}; accepted is a part of the whole, from 0 to below 1.")


def _duration(seconds: float) -> None:
    if not 0 <= seconds < float("inf"):
        raise ConfigurationError(f"venue: seconds is {seconds}; accepted is 0 or more.")
