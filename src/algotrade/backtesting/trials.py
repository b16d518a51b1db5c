"""Every variant that was ever tried on some candles, counted by the platform and not by who tried it.

A Sharpe ratio that was selected among many is judged by how many there were. Who counts only what this run tried
forgets yesterday's losers; so each variant that is simulated leaves a line here, and no line is ever taken away.
"""

import hashlib
import inspect
import json
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from algotrade.domain import performance
from algotrade.domain.candles import FloatArray, Panel
from algotrade.strategies import MarketView, Strategy

TRIAL_COLUMNS = ("key", "strategy", "variant", "data", "terms", "origin", "sharpe", "periods")
BLOCK_COLUMNS = ("data", "block")
_BLOCK_CANDLES = 256
_DIGITS = 32
_SAME_SHARPE = 12
"""Decimals to which two Sharpe ratios of one variant have to agree to be those of one trial."""
_PRICES = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True)
class TrialData:
    """What trials were judged on, told apart by content: the same candles, the same identity.

    Attributes
    ----------
    digest : str
        Of the candles that got a decision.
    forecasts : str
        Of all that strategies could read besides: context rows and predictions.
    blocks : frozenset of str
        Digests of stretches of 256 candles, each of one symbol and at a fixed place in time. Data that share one
        share the market that they are about, however they were cut.
    """

    digest: str
    forecasts: str
    blocks: frozenset[str]

    @classmethod
    def of(cls, view: MarketView) -> "TrialData":
        """Identity of the decided rows of a view."""
        decided = view.decided
        read = [view.panel.close[: view.warmup], view.probability, view.expected_return]
        candles = [getattr(decided, name) for name in (*_PRICES, "funding_rate")]
        head = f"{decided.timeframe}|{decided.symbols}|"
        return cls(
            _digest(head, decided.open_time, *candles),
            _digest(f"{view.horizon}|", *(block for block in read if block is not None)),
            frozenset(_blocks(decided)),
        )


@dataclass(frozen=True, eq=False)
class TrialLedger:
    """Trials, each once, and which data they share.

    Attributes
    ----------
    trials : DataFrame
        A row a trial: ``key`` (see :func:`trial_key`), ``strategy``, ``variant`` (as it prints itself), ``data``
        (digest), ``terms`` (digest of account, costs and risk), ``origin`` (what tried it), ``sharpe`` (per day, NaN
        if returns do not vary) and ``periods`` (days); ``first_seen`` where a store has dated it.
    blocks : DataFrame
        ``data`` and ``block``, see :class:`TrialData`.
    """

    trials: pd.DataFrame
    blocks: pd.DataFrame

    @classmethod
    def empty(cls) -> "TrialLedger":
        """A ledger without a line."""
        return cls(pd.DataFrame(columns=list(TRIAL_COLUMNS)), pd.DataFrame(columns=list(BLOCK_COLUMNS)))

    @classmethod
    def of(cls, data: TrialData, trials: Sequence[Mapping[str, Any]]) -> "TrialLedger":
        """Lines of trials on the same data, as :func:`trial` writes them."""
        return cls(
            pd.DataFrame(list(trials), columns=list(TRIAL_COLUMNS)).drop_duplicates("key", ignore_index=True),
            pd.DataFrame({"data": data.digest, "block": sorted(data.blocks)}, columns=list(BLOCK_COLUMNS)),
        )

    def merged(self, other: "TrialLedger") -> "TrialLedger":
        """Both, each trial once; what was there first stays as it is."""
        trials = [ledger.trials for ledger in (self, other) if len(ledger.trials)]
        blocks = [ledger.blocks for ledger in (self, other) if len(ledger.blocks)]
        return TrialLedger(
            pd.concat(trials).drop_duplicates("key", ignore_index=True) if trials else self.trials,
            pd.concat(blocks).drop_duplicates(ignore_index=True) if blocks else self.blocks,
        )

    def count(self, data: TrialData) -> int:
        """Trials that a result on this data was selected from; at least 1.

        On the very same candles a variant counts once for every outcome: with other forecasts or another version of
        its code it is another trial, but one that came to the same is not. Variants tried on other cuts of the same
        market (a candle more, a later start) count once each, unless they are among the former: newer data are no
        reason to forget what was tried.
        """
        return max(len(self.on(data)), 1)

    def on(self, data: TrialData) -> pd.DataFrame:
        """The trials that :meth:`count` counts, shape ``(count, columns)``."""
        same = self.trials["data"] == data.digest
        related = set(self.blocks.loc[self.blocks["block"].isin(data.blocks), "data"])
        what = ["strategy", "variant", "terms"]
        own = self.trials[same].assign(rounded=self.trials.loc[same, "sharpe"].astype(np.float64).round(_SAME_SHARPE))
        own = own.drop_duplicates([*what, "rounded", "periods"]).drop(columns="rounded")
        earlier = self.trials[~same & self.trials["data"].isin(related)].drop_duplicates(what)
        known = pd.MultiIndex.from_frame(own[what])
        earlier = earlier[~pd.MultiIndex.from_frame(earlier[what]).isin(known)]
        return pd.concat([part for part in (own, earlier) if len(part)] or [own], ignore_index=True)


def trial(strategy: Strategy, returns: FloatArray, data: TrialData, terms: str, origin: str) -> dict[str, Any]:
    """Line of the ledger for a variant and the daily returns that it brought."""
    key = trial_key(strategy, data, terms)
    return {"key": key, **_line((strategy.name, str(strategy)), returns, data, terms, origin)}


def procedure_trial(
    strategy: str, label: str, returns: FloatArray, data: TrialData, terms: str, origin: str
) -> dict[str, Any]:
    """Line for a way of trading that is no single variant, such as parameters chosen anew every quarter."""
    key = _digest(f"{label}|{data.digest}|{data.forecasts}|{terms}")
    return {"key": key, **_line((strategy, label), returns, data, terms, origin)}


def _line(what: tuple[str, str], returns: FloatArray, data: TrialData, terms: str, origin: str) -> dict[str, Any]:
    strategy, variant = what
    return {
        "strategy": strategy,
        "variant": variant,
        "data": data.digest,
        "terms": terms,
        "origin": origin,
        "sharpe": performance.sharpe(returns, periods_per_year=1.0),
        "periods": len(returns),
    }


def trial_key(strategy: Strategy, data: TrialData, terms: str) -> str:
    """What makes a trial this one: strategy, parameters, code of the strategy, data, forecasts, and terms; 32 digits.

    >>> from algotrade.strategies import build_strategy
    >>> data = TrialData("candles", "forecasts", frozenset())
    >>> key = trial_key(build_strategy("momentum"), data, "spot")
    >>> [key == trial_key(build_strategy("momentum"), data, terms) for terms in ("spot", "perpetual")]
    [True, False]
    """
    return _digest(f"{strategy}|{_source(type(strategy))}|{data.digest}|{data.forecasts}|{terms}")


def terms_digest(*settings: Any) -> str:
    """Digest of what differs from the defaults in costs, account and risk; settings that are None say nothing."""
    changed = [_changed(given) for given in settings if given is not None]
    return _digest(json.dumps(changed, sort_keys=True, default=str))[:12]


def _changed(settings: Any) -> Any:
    """What is not as by default, so that a setting that a later version brings makes no trial another one."""
    if not is_dataclass(settings):
        return settings
    given = {field.name: (_default(field), getattr(settings, field.name)) for field in fields(settings)}
    return {type(settings).__name__: {n: _changed(value) for n, (usual, value) in given.items() if value != usual}}


def _default(field: Any) -> Any:
    return field.default_factory() if field.default_factory is not MISSING else field.default


@cache
def _source(kind: type) -> str:
    try:
        return inspect.getsource(kind)
    except (OSError, TypeError):  # typed in at a prompt
        return kind.__qualname__


def _digest(head: str, *blocks: Any) -> str:
    digest = hashlib.sha256(head.encode())
    for block in blocks:
        digest.update(np.ascontiguousarray(block).tobytes())
    return digest.hexdigest()[:_DIGITS]


def _blocks(panel: Panel) -> list[str]:
    """Digests of the whole blocks of each symbol, or of all of it where it is shorter than one."""
    place = panel.open_time // (panel.timeframe.milliseconds * _BLOCK_CANDLES)
    edges = np.flatnonzero(np.diff(place, prepend=place[:1] - 1, append=place[-1:] + 1))
    spans = [(int(first), int(last)) for first, last in pairwise(edges)]
    whole = [span for span in spans if span[1] - span[0] == _BLOCK_CANDLES] or [(0, len(panel))]
    return [
        _digest(f"{symbol}|{panel.timeframe}|{panel.open_time[first]}", panel.close[first:last, column])
        for column, symbol in enumerate(panel.symbols)
        for first, last in whole
        if panel.present[first:last, column].any()
    ]
