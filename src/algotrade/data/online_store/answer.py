"""What Redis says of a series, and the rule that no answer mixes feature sets."""

from collections.abc import Sequence
from typing import Any

from algotrade.data.online_store.batch import Batch, age_in_candles
from algotrade.data.online_store.packing import Header, digest_of, unpack
from algotrade.data.online_store.vectors import FeatureVectors
from algotrade.domain.timeframe import Timeframe
from algotrade.errors import ForeignFeatures

_SHOWN = 20


class Answer:
    """What Redis said of one series: its spec and the packed vectors of some symbols."""

    def __init__(self, timeframe: str, symbols: Sequence[str], answer: list[Any], rows: int | None) -> None:
        self.timeframe = Timeframe(timeframe)
        (fingerprint, names), *packed = answer
        self.fingerprint = fingerprint.decode() if fingerprint else None
        self.packed = {symbol: blob for symbol, blob in zip(symbols, packed, strict=True) if blob}
        self.absent = tuple(symbol for symbol in symbols if symbol not in self.packed)
        self._names = names or b"[]"
        self._rows = rows

    def batch(self, now_ms: int, max_age: float | None) -> Batch:
        """The vectors, told apart by age."""
        fresh: dict[str, FeatureVectors] = {}
        stale: dict[str, FeatureVectors] = {}
        for symbol, blob in self.packed.items():
            vectors = unpack(symbol, blob, self._rows)
            old = max_age is not None and age_in_candles(vectors, self.timeframe, now_ms) > max_age
            (stale if old else fresh)[symbol] = vectors
        return Batch(self.timeframe, fresh, stale, self.absent, self.fingerprint, now_ms, max_age, self._names)


def refuse_mixture(answers: Sequence[Answer], exchange: str, wanted: str | None) -> None:
    """Raise unless all vectors are of the feature set that is wanted, or of one and the same."""
    specs = [answer.fingerprint for answer in answers if answer.fingerprint and answer.packed]
    expected = digest_of(wanted or specs[0]) if wanted or specs else None
    for answer in answers:
        for symbol, blob in answer.packed.items():
            digest = Header.read(symbol, blob).digest
            expected = expected or digest
            if digest != expected:
                others = (wanted or specs[0])[:_SHOWN] if wanted or specs else "the others asked for"
                theirs = (answer.fingerprint or "one that has expired")[:_SHOWN]
                raise ForeignFeatures(
                    f"The online features of {symbol} on {exchange} {answer.timeframe} were made by another feature "
                    f"set than {others}: by {theirs}. Run `kedro run` so that features and model match."
                )
