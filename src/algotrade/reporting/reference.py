"""The reference of everything that is plugged in, as Markdown, from the plug-ins themselves."""

import dataclasses
import inspect
from collections.abc import Iterable, Mapping
from typing import Any

from algotrade.data.importers import IMPORTERS
from algotrade.features import FEATURES
from algotrade.models import MODELS
from algotrade.models.preparation import EXTRACTORS
from algotrade.strategies import STRATEGIES
from algotrade.validation.labels import LABELS

_HEAD = "# Reference\n\nPrinted by `algotrade reference`; the parameters are those of `conf/base/parameters_*.yml`.\n"


def plug_in_reference() -> str:
    """Markdown page of every feature, factor, label, model, strategy and importer, with parameters and defaults."""
    return "\n".join([_HEAD, *_features(), *_extractors(), *_labels(), *_models(), *_strategies(), *_importers()])


def _features() -> list[str]:
    families = sorted({each.family for each in FEATURES.values()})
    lines = [f"## Features ({len(FEATURES)})\n"]
    for family in families:
        rows = [
            (f"`{name}`", _first_sentence(each.function), each.unit, each.lookback, each.scope)
            for name, each in FEATURES.items()
            if each.family == family
        ]
        lines += [f"### {family}\n", *_table(("feature", "what it is", "unit", "lookback", "scope"), rows)]
    return lines


def _extractors() -> list[str]:
    lines = [f"## Factors fitted in the training window ({len(EXTRACTORS)})\n"]
    for name, extractor in EXTRACTORS.items():
        lines += [
            f"### `{name}`\n",
            _first_sentence(extractor) + "\n",
            *_parameters(_defaults(extractor.settings_type)),
        ]
    return lines


def _labels() -> list[str]:
    lines = [f"## Labels ({len(LABELS)})\n"]
    for name, label in LABELS.items():
        lines += [f"### `{name}`\n", _first_sentence(label) + "\n", *_parameters(_defaults(label.settings_type))]
    return lines


def _models() -> list[str]:
    lines = [f"## Models ({len(MODELS)})\n"]
    for name, model in MODELS.items():
        lines += [f"### `{name}`\n", _first_sentence(model) + "\n", *_parameters(_defaults(model.settings_type))]
    return lines


def _strategies() -> list[str]:
    lines = [f"## Strategies ({len(STRATEGIES)})\n"]
    for name, strategy in STRATEGIES.items():
        lines += [f"### `{name}`\n", _first_sentence(strategy) + "\n", *_parameters(_defaults(strategy))]
    return lines


def _importers() -> list[str]:
    rows = [(f"`{name}`", importer.title) for name, importer in IMPORTERS.items()]
    return [f"## Importers ({len(IMPORTERS)})\n", *_table(("importer", "format"), rows)]


def _parameters(defaults: Mapping[str, Any]) -> list[str]:
    if not defaults:
        return ["No parameters.\n"]
    return _table(("parameter", "default"), [(f"`{name}`", f"`{value}`") for name, value in defaults.items()])


def _defaults(settings_type: Any) -> dict[str, Any]:
    values = settings_type()
    return {each.name: getattr(values, each.name) for each in dataclasses.fields(settings_type) if each.init}


def _first_sentence(documented: object) -> str:
    paragraph = " ".join((inspect.getdoc(documented) or "").partition("\n\n")[0].split())
    return paragraph.replace("``", "`")


def _table(head: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> list[str]:
    def line(cells: Iterable[object]) -> str:
        return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"

    return [line(head), line("---" for _ in head), *(line(row) for row in rows), ""]
