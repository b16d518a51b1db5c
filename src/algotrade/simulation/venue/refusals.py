"""How the venue says no: a status, a code and a message, as Binance words them."""

from algotrade.errors import VenueError


class Refused(VenueError):
    """A request that the venue does not answer; becomes ``{"code": ..., "msg": ...}``."""

    def __init__(self, code: int, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def invalid_symbol() -> Refused:
    """No such instrument."""
    return Refused(-1121, "Invalid symbol.")


def invalid_interval() -> Refused:
    """No candles of that length."""
    return Refused(-1120, "Invalid interval.")


def missing(name: str) -> Refused:
    """A parameter that has to be there is not."""
    return Refused(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")


def empty(name: str) -> Refused:
    """A parameter without a value."""
    return Refused(-1105, f"Parameter '{name}' was empty.")


def illegal(name: str, pattern: str) -> Refused:
    """A parameter with other characters than it may have."""
    return Refused(-1100, f"Illegal characters found in parameter '{name}'; legal range is '{pattern}'.")


def invalid_value(name: str) -> Refused:
    """A parameter of the right kind with a value that cannot be."""
    return Refused(-1130, f"Data sent for parameter '{name}' is not valid.")


def invalid_combination() -> Refused:
    """Parameters that exclude each other."""
    return Refused(-1128, "Combination of optional parameters invalid.")


def too_many_requests(status: int, limit: int, banned_until_ms: int) -> Refused:
    """The weight of the minute is used up, or the address is banned for not having stopped."""
    advice = "Please use WebSocket Streams for live updates to avoid"
    if status == 418:
        message = f"Way too much request weight used; IP banned until {banned_until_ms}. {advice} bans."
    else:
        message = (
            f"Too much request weight used; current limit is {limit} request weight per 1 MINUTE. "
            f"{advice} polling the API."
        )
    return Refused(-1003, message, status)


def unknown_path() -> Refused:
    """No such route."""
    return Refused(-1000, "Path not found.", status=404)
