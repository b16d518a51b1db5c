"""The catalogue of features as Markdown, printed from their own docstrings."""

import inspect
import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from algotrade.features import FEATURES, Feature
from algotrade.features.base import SCALE
from algotrade.models.preparation import EXTRACTORS

_HEAD = """# Features

Printed by `algotrade reference --features`. A row is a candle; a value is known when its candle has closed and uses no
later one. `C`, `O`, `H`, `L`, `V` are close, open, high, low and volume, `r` is the log return of a candle, `w` the
window. {scale} Every feature can also be had on slower
candles: `rsi_14@4x` or `rsi_14@4h`, joined once they have closed.
"""
_FITTED = """## custom

Factors are made of the features above by what was fitted inside a training window; a window's factors never saw a
later row. How to use them, or add your own:
[select features and add factors](../how-to/select-features-and-add-factors.md).
"""


def feature_catalogue() -> str:
    """Markdown page of every feature: what it is, formula, unit, lookback, treatment of missing data, source."""
    families = {family: list(members) for family, members in _by_family()}
    lines = [_HEAD.format(scale=SCALE), _contents(families)]
    for family, members in families.items():
        lines.append(f"## {family}\n")
        for _, variants in groupby(members, key=lambda each: each.function.__name__):
            lines += _entry(list(variants))
    lines.append(_FITTED)
    for name, extractor in EXTRACTORS.items():
        text, source = _parts(extractor)
        lines += [f"### `{name}`\n", _markdown(text) + "\n", f"* Source: {source}", ""]
    return "\n".join(lines)


def _by_family() -> Iterator[tuple[str, Iterable[Feature]]]:
    ordered = sorted(FEATURES.values(), key=lambda each: (each.family, each.function.__name__, each.window or 0))
    return groupby(ordered, key=lambda each: each.family)


def _contents(families: dict[str, list[Feature]]) -> str:
    counted = " · ".join(f"[{family}](#{family}) ({len(members)})" for family, members in families.items())
    return f"{len(FEATURES)} features: {counted}\n"


def _entry(variants: list[Feature]) -> list[str]:
    first = variants[0]
    text, source = _parts(first.function)
    facts = [
        ("Unit", first.unit),
        ("Lookback", _lookbacks(variants)),
        ("Computed from", "the candles of one symbol" if first.scope == "symbol" else "the candles of all symbols"),
        ("Missing data", first.missing_data),
        ("Source", source),
    ]
    return [
        f"### {', '.join(f'`{each.name}`' for each in variants)}\n",
        _markdown(text) + "\n",
        *(f"* {name}: {fact}" for name, fact in facts),
        "",
    ]


def _parts(documented: object) -> tuple[str, str]:
    """What a docstring says, and its sources in one line."""
    text, _, references = (inspect.getdoc(documented) or "").partition("\n\nReferences\n----------\n")
    return text, " ".join(re.sub(r"\.\. \[\d+\]\s*", "", references).split())


def _lookbacks(variants: list[Feature]) -> str:
    counts = ", ".join(str(each.lookback) for each in variants)
    return f"{counts} candle{'s' if counts != '1' else ''}"


def _markdown(text: str) -> str:
    """Docstring text with its formulas in the form that Markdown knows, one paragraph a line."""
    parts = re.split(r"\n\n(?=\S)|\n\n", text)
    return "\n\n".join(_paragraph(part) for part in parts)


def _paragraph(part: str) -> str:
    if part.startswith(".. math::"):
        formula = " ".join(part.removeprefix(".. math::").split())
        return f"```math\n{formula}\n```"
    return re.sub(r":math:`([^`]*)`", r"$\1$", " ".join(part.split())).replace("``", "`")
