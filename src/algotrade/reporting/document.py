"""A page as one HTML file that loads nothing: its template, its figures, and plotly.js inside it."""

import base64
import gzip
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import jinja2

from algotrade.reporting.figures import THEMES

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


def document(template: str, figures: "Mapping[str, Figure]", **values: Any) -> str:
    """One self-contained HTML document from a template of this package.

    Parameters
    ----------
    template : str
        Its file name.
    figures : mapping
        By the names under which the template places them.
    **values
        What else the template shows; a name that it asks for in vain is an error.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("algotrade.reporting", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(
        **values,
        figures={name: json.loads(figure.to_json()) for name, figure in figures.items()},
        themes={scheme: THEMES[scheme] for scheme in ("light", "dark")},
        plotly_gzip=_plotly_gzip(),
    )


@lru_cache(maxsize=1)
def _plotly_gzip() -> str:
    """plotly.js, compressed and in base64: 4.8 MB become 1.9 MB; browsers since 2023 unpack it themselves."""
    from plotly.offline import get_plotlyjs  # noqa: PLC0415

    return base64.b64encode(gzip.compress(get_plotlyjs().encode(), mtime=0)).decode("ascii")
