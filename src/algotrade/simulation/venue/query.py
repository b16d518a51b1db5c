"""The parameters of a request, read as Binance reads them."""

import json
import re
from collections.abc import Mapping

from algotrade.simulation.venue import refusals

_WHOLE = "^[0-9]{1,20}$"
_SYMBOL = "^[A-Z0-9-_.]{1,20}$"


class Query:
    """Parameters by name; what cannot be read is refused with Binance's code.

    >>> Query({"limit": "5000"}).limit(default=500, most=1_000)
    1000
    >>> Query({}).text("symbol")
    Traceback (most recent call last):
    algotrade.simulation.venue.refusals.Refused: Mandatory parameter 'symbol' was not sent, was empty/null, or \
malformed.
    """

    def __init__(self, parameters: Mapping[str, str]) -> None:
        self._parameters = parameters

    def __contains__(self, name: object) -> bool:
        return name in self._parameters

    def text(self, name: str) -> str:
        """Parameter that has to be there."""
        if name not in self._parameters:
            raise refusals.missing(name)
        if not self._parameters[name]:
            raise refusals.empty(name)
        return self._parameters[name]

    def symbol(self) -> str:
        """The one symbol that has to be named."""
        symbol = self.text("symbol")
        if not re.fullmatch(_SYMBOL, symbol):
            raise refusals.illegal("symbol", _SYMBOL)
        return symbol

    def symbols(self) -> list[str] | None:
        """The symbols named by ``symbol`` or by ``symbols``, a JSON list; None if there is neither."""
        if "symbol" in self and "symbols" in self:
            raise refusals.invalid_combination()
        if "symbol" in self:
            return [self.symbol()]
        if "symbols" not in self:
            return None
        try:
            symbols = json.loads(self.text("symbols"))
        except json.JSONDecodeError as error:
            raise refusals.illegal("symbols", _SYMBOL) from error
        if not isinstance(symbols, list) or not all(isinstance(symbol, str) for symbol in symbols):
            raise refusals.illegal("symbols", _SYMBOL)
        return symbols

    def whole(self, name: str) -> int | None:
        """Whole number, None if it was not sent."""
        if name not in self._parameters:
            return None
        text = self.text(name)
        if not re.fullmatch(_WHOLE, text):
            raise refusals.illegal(name, _WHOLE)
        return int(text)

    def limit(self, default: int, most: int) -> int:
        """How many rows to send: at most so many, whatever is asked."""
        limit = self.whole("limit")
        if limit == 0:
            raise refusals.invalid_value("limit")
        return min(default if limit is None else limit, most)
