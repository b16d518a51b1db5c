"""How a number is written for a person: one place, so that the page and the terminal agree."""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import pandas as pd

NOT_DEFINED = "not defined"
"""What stands where a statistic has no value, such as a Sharpe ratio without a trade."""


def finite(value: Any) -> float | None:
    """The value as a float, or None where it is missing, not a number or infinite.

    >>> finite("0.5"), finite(None), finite(float("nan")), finite("soon")
    (0.5, None, None, None)
    """
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _or_not_defined(write: Callable[[float], str]) -> Callable[[Any], str]:
    def formatted(value: Any) -> str:
        number = finite(value)
        return NOT_DEFINED if number is None else write(number)

    return formatted


def _significant(number: float) -> str:
    if number == 0:
        return "0"
    decimals = max(0, 2 - math.floor(math.log10(abs(number))))
    return f"{number:,.{min(decimals, 8)}f}"


def _percent(number: float) -> str:
    share = 100 * number
    decimals = 0 if abs(share) >= 1000 else 1
    return f"{share:,.{decimals}f} %"


def _seconds(number: float) -> str:
    if number >= 90:
        minutes, seconds = divmod(round(number), 60)
        return f"{minutes} min {seconds:02d} s"
    return f"{number:.1f} s" if number >= 0.1 else f"{1000 * number:.0f} ms"


significant = _or_not_defined(_significant)
"""Three significant digits with thousands separators: ``1234.5`` is ``1,234``."""
percent = _or_not_defined(_percent)
"""A fraction as a percentage: ``0.123`` is ``12.3 %``."""
ratio = _or_not_defined(lambda number: f"{number:.2f}")
"""Two decimals, for Sharpe ratios and probabilities."""
score = _or_not_defined(lambda number: f"{number:.4f}")
"""Four decimals, for losses and correlations that differ in the third."""
count = _or_not_defined(lambda number: f"{number:,.0f}")
"""A whole number with thousands separators."""
money = _or_not_defined(lambda number: f"{number:,.0f}" if abs(number) >= 100 else f"{number:,.2f}")
"""An amount of quote currency, without cents where they do not matter."""
days = _or_not_defined(lambda number: f"{number:,.0f}" if number >= 10 else f"{number:.1f}")
"""A number of days, with a decimal where there are few."""
p_value = _or_not_defined(lambda number: "< 0.0001" if number < 0.0001 else f"{number:.4f}")
"""A probability by which a hypothesis is rejected or not."""
seconds = _or_not_defined(_seconds)
"""A duration: ``95`` is ``1 min 35 s``."""


WriteInterval = Callable[[Any, Any, Any], str]
"""A value with the ends of its interval, in the form of :data:`score_interval`."""


def _interval(decimals: int, scale: float = 1.0, unit: str = "") -> WriteInterval:
    def written(value: Any, low: Any, high: Any) -> str:
        numbers = [None if (number := finite(each)) is None else scale * number for each in (value, low, high)]
        if numbers[0] is None:
            return NOT_DEFINED
        shown = [f"{0.0 if number is None else number:,.{decimals}f}" for number in numbers]
        if None in numbers:
            return f"{shown[0]}{unit}"
        return f"{shown[0]}{unit} [{shown[1]}, {shown[2]}]"

    return written


score_interval = _interval(3)
"""Three decimals with the interval: ``0.627 [0.611, 0.643]``; without an interval the value alone."""
fine_interval = _interval(4)
"""Four decimals with the interval, for losses that differ in the third."""
short_interval = _interval(2)
"""Two decimals with the interval."""
money_interval = _interval(2)
"""An amount of quote currency with the interval."""
percent_interval = _interval(1, 100.0, " %")
"""A fraction as a percentage with the interval: ``56.1 % [54.9, 57.3]``."""


def _fine_percent(number: float) -> str:
    share = 100 * number
    # 99.998 % is not complete, and 0.002 % is not nothing.
    decimals = next((places for places in range(1, 9) if round(share, places) not in {0.0, 100.0}), 9)
    return f"{share:.0f} %" if number in {0.0, 1.0} else f"{share:.{decimals}f} %"


fine_percent = _or_not_defined(_fine_percent)
"""A fraction as a percentage that is rounded neither to 0 nor to 100: ``0.99998`` is ``99.998 %``."""


def _age(number: float) -> str:
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if number >= 2 * length:
            return f"{number / length:,.0f} {unit}"
    return f"{number:.0f} s"


age = _or_not_defined(_age)
"""A time span in one unit: ``7300`` is ``2 h``."""


def total(value: Any) -> Any:
    """The sum of a count that may be given by symbol, the length of a list, else the value itself.

    >>> total({"BTC/USDT": 2, "ETH/USDT": 1}), total([0.5, 0.6]), total(7)
    (3, 2, 7)
    """
    if isinstance(value, Mapping):
        return sum(value.values())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return len(value)
    return value


def day(time: Any) -> str:
    """The date of a time, ``2024-03-01``; the text itself where it is not a time."""
    if time is None or time == "":
        return NOT_DEFINED
    try:
        return f"{pd.Timestamp(time):%Y-%m-%d}"
    except ValueError:
        return str(time)


def data_facts(data: Mapping[str, Any]) -> list[str]:
    """Timeframe, span and counts of the data of a run in words, without what is unknown.

    >>> data_facts({"timeframe": "1h", "start": "2024-01-01", "end": "2024-06-30", "rows": 4344, "gaps": 0})
    ['1h', '2024-01-01 to 2024-06-30', '4,344 candles', '0 gaps']
    """
    facts = [str(data["timeframe"])] if data.get("timeframe") else []
    if data.get("start") and data.get("end"):
        facts.append(f"{day(data['start'])} to {day(data['end'])}")
    counted = (("rows", "candles"), ("gaps", "gaps"), ("quarantined", "quarantined"))
    return facts + [f"{count(total(data[key]))} {name}" for key, name in counted if data.get(key) is not None]


def minute(time: datetime) -> str:
    """A time to the minute with its zone, ``2024-03-01 14:05 UTC``."""
    return f"{time:%Y-%m-%d %H:%M %Z}".strip()


def label(key: str) -> str:
    """A key of the configuration in words, its unit left to :func:`with_unit`.

    >>> label("taker_fee_bps"), label("max_participation")
    ('Taker fee', 'Max participation')
    """
    words = key.removesuffix("_bps").replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def with_unit(key: str, value: Any) -> str:
    """A configured value with the unit that its key names.

    >>> with_unit("taker_fee_bps", 7.5), with_unit("max_participation", 0.1), with_unit("fill", "next open")
    ('7.5 bps', '0.1', 'next open')
    """
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return f"{text} bps" if key.endswith("_bps") else text


def shortened(names: Sequence[str], shown: int = 4) -> str:
    """The first names and how many more there are.

    >>> shortened(["BTC/USDT", "ETH/USDT", "SOL/USDT"], shown=2)
    'BTC/USDT, ETH/USDT and 1 more'
    """
    listed = ", ".join(names[:shown])
    return listed if len(names) <= shown else f"{listed} and {len(names) - shown} more"
