"""From a request to predictions: looks up features, asks the model, names the signal."""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Protocol

from algotrade.data.online_store import Batch
from algotrade.domain.candles import FloatArray
from algotrade.domain.symbol import unified_symbol
from algotrade.domain.timeframe import Timeframe
from algotrade.inference.condition import checks_of, feature_sets_of
from algotrade.inference.feature_cache import LastKnown
from algotrade.inference.features import FeatureSource
from algotrade.inference.outlook import Known, Outlook, Outlooks, ServedModel
from algotrade.inference.problems import (
    FeaturesNotOnline,
    StaleFeatures,
    UnknownSymbol,
)
from algotrade.inference.schemas import (
    Check,
    FeatureSets,
    ModelDescription,
    NamedRow,
    Prediction,
    PredictRequest,
    Signal,
)
from algotrade.inference.windows import too_old, window_of_names, window_of_rows
from algotrade.monitoring.metrics import ServiceMetrics

# As many spellings of symbols as anybody uses; what else is sent is no reason to remember it.
_unified = lru_cache(maxsize=1024)(unified_symbol)


class Witness(Protocol):
    """Whoever wants to know what was predicted, and on what; must not take time."""

    def __call__(self, predictor: "Predictor", subject: "str | FloatArray", outlook: Outlook) -> None:
        """Take note of what a model has just said of a symbol, or of a window that a request brought."""


class Predictor:
    """Answers questions about one model's symbols from the newest online features.

    Parameters
    ----------
    model : ServedModel
    description : ModelDescription
        What ``model`` is and knows.
    features : FeatureSource
        Of the model's feature set.
    metrics : ServiceMetrics
    long_above : float in [0, 1]
        Probability above which the signal is ``long``.
    witness : Witness, optional
        Told whenever the model has said something new.
    now : callable, optional
        Current time in seconds since the epoch; the system's clock by default.
    """

    def __init__(  # noqa: PLR0913 - a clock and a witness beside what every predictor needs
        self,
        model: ServedModel,
        description: ModelDescription,
        features: FeatureSource,
        metrics: ServiceMetrics,
        *,
        long_above: float = 0.5,
        witness: Witness | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.description = description
        self.features = features
        self._outlooks = Outlooks(model, description, metrics)
        self._symbols = frozenset(description.symbols)
        self._long_above = long_above
        self._witness = witness
        self._now = now
        self._candle_seconds = Timeframe(description.timeframe).milliseconds / 1000
        self._staleness = metrics.feature_staleness_seconds
        self._given = {signal: metrics.predictions.labels(signal) for signal in ("long", "flat")}

    def warm_up(self) -> None:
        """Predict once on each path, so that the first request does not wait for what is prepared on first use."""
        self._outlooks.warm_up()

    def is_at_hand(self, request: PredictRequest) -> bool:
        """Whether the answer has to wait for nobody."""
        if request.features is not None:
            return True
        named = (request.symbol,) if request.symbol is not None else request.symbols
        symbols = self.description.symbols if named is None else [_unified(name) for name in named]
        return self.features.has_at_hand(symbols)

    def known(self, name: str | None) -> Known | None:
        """What the model said last of a symbol and what of; None where it was not asked, or could not say."""
        found = None if name is None else self._outlooks.last(_unified(name))
        return None if found is None or found.outlook is None else found

    def repeat(self, known: Known) -> float | None:
        """Seconds since the close of the candle that was answered on, where the same answer is given again.

        None where it is not to be: the features are others now, too old, or to be looked up again.
        """
        if known.outlook is None or self.features.at_hand(known.symbol) is not known.vectors:
            return None
        self._signal(known.outlook)
        return self._staleness_of(known.outlook, self._now())

    def of_symbols(self, names: Sequence[str]) -> tuple[Prediction, ...]:
        """Predictions for instruments, in the order asked; one named twice is answered once.

        Raises
        ------
        UnknownSymbol
            If the model does not know one of them.
        FeaturesNotOnline
            If one of them has no complete features online.
        StaleFeatures
            If those of one of them are older than is accepted.
        StoreError
            If the online store does not answer or holds features of another feature set.
        """
        symbols = tuple(dict.fromkeys([self._known(name) for name in names]))
        batch = self.features.read(symbols)
        known = self._look_at(batch)
        for symbol in symbols:
            if symbol in batch.stale:
                raise StaleFeatures(f"{symbol}: {too_old(batch, symbol)}. Keep them fresh with `algotrade stream`.")
        return self._answers(batch, {symbol: _outlook_of(known[symbol]) for symbol in symbols})

    def of_every_symbol(self) -> tuple[Prediction, ...]:
        """Predictions for those instruments of the model that have complete features online.

        Raises
        ------
        FeaturesNotOnline
            If none has.
        StaleFeatures
            If those of all of them are older than is accepted.
        StoreError
            If the online store does not answer or holds features of another feature set.
        """
        batch = self.features.read(self.description.symbols)
        known = self._look_at(batch)
        outlooks = {symbol: known[symbol].outlook for symbol in self.description.symbols}
        complete = {symbol: outlook for symbol, outlook in outlooks.items() if outlook is not None}
        if not complete and batch.stale:
            first = next(iter(batch.stale))
            raise StaleFeatures(f"{first}: {too_old(batch, first)}. Keep them fresh with `algotrade stream`.")
        if not complete:
            raise FeaturesNotOnline(
                f"No symbol of the model has complete {self.description.timeframe} features online yet. "
                "Run `kedro run` to publish features."
            )
        return self._answers(batch, complete)

    def of_features(self, features: NamedRow | list[list[float]]) -> tuple[Prediction, ...]:
        """Prediction from features that the request brought.

        Raises
        ------
        UnfitFeatures
            If they are not ``history`` rows of exactly the model's features.
        """
        window = self.window_of(features)
        outlook = self._outlooks.of_window(window)
        if self._witness is not None:
            self._witness(self, window, outlook)
        return (self._prediction(None, outlook),)

    def window_of(self, features: NamedRow | list[list[float]]) -> FloatArray:
        """What the model looks at, of shape ``(history, F)``, from features as a request brings them."""
        if isinstance(features, dict):
            return window_of_names(features, self.description)
        return window_of_rows(features, self.description)

    def outlook(self, subject: str | FloatArray) -> Outlook:
        """What the model says of a symbol or a window, without it counting as a prediction given.

        Raises
        ------
        FeaturesNotOnline
            If the symbol has no complete features online.
        ModelError
            If the window has another shape than the model's.
        StoreError
            As ``of_symbols``.
        """
        if not isinstance(subject, str):
            return self._outlooks.of_window(subject)
        symbol = self._known(subject)
        return _outlook_of(self._look_at(self.features.read((symbol,)))[symbol])

    def checks(self) -> tuple[Check, ...]:
        """State of what predictions by symbol depend on, up to the first thing that failed."""
        return checks_of(self.description, self.features, self._now)

    def feature_sets(self) -> FeatureSets:
        """The fingerprint that the model was trained on, and the one of the features that are online."""
        return feature_sets_of(self.description, self.features)

    def _known(self, name: str) -> str:
        symbol = _unified(name)
        if symbol not in self._symbols:
            raise UnknownSymbol(f"Unknown symbol {name!r}. The model knows: {', '.join(self.description.symbols)}.")
        return symbol

    def _look_at(self, batch: Batch) -> dict[str, Known]:
        """What is known of every symbol in a batch, fresh or not there; the model says what is new."""
        known, new = self._outlooks.of(batch)
        if self._witness is not None:
            for each in new:
                if each.outlook is not None:
                    self._witness(self, each.symbol, each.outlook)
        return known

    def _answers(self, batch: Batch, outlooks: Mapping[str, Outlook]) -> tuple[Prediction, ...]:
        degraded, now = isinstance(batch, LastKnown), self._now()
        self._staleness.set(now - min([outlook.close_seconds for outlook in outlooks.values()]))
        return tuple([self._prediction(symbol, outlook, now, degraded) for symbol, outlook in outlooks.items()])

    def _prediction(self, symbol: str | None, outlook: Outlook, now: float = 0.0, degraded: bool = False) -> Prediction:
        return Prediction(
            symbol=symbol,
            probability=outlook.probability,
            expected_return=outlook.expected_return,
            signal=self._signal(outlook),
            interval=outlook.interval,
            candle_open_time=outlook.open_time,
            candle_close_time=outlook.close_time,
            staleness_seconds=None if outlook.close_time is None else self._staleness_of(outlook, now),
            degraded=degraded,
        )

    def _staleness_of(self, outlook: Outlook, now: float) -> float:
        return round(now - outlook.close_seconds, 3)

    def _signal(self, outlook: Outlook) -> Signal:
        signal: Signal = "long" if outlook.probability > self._long_above else "flat"
        self._given[signal].inc()
        return signal


def _outlook_of(known: Known) -> Outlook:
    if known.outlook is None:
        raise FeaturesNotOnline(f"{known.symbol}: {known.lacking}. Run `kedro run` to publish features.")
    return known.outlook
