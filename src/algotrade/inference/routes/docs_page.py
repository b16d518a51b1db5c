"""The page at ``/docs``: the contract for people, made from the OpenAPI document, without any script."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from fastapi import FastAPI, Response
from jinja2 import Environment, PackageLoader
from markupsafe import Markup, escape

from algotrade.inference.problems import PROBLEMS
from algotrade.inference.problems.reference import meaning_of

_PLACE = "algotrade.inference.routes"
_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_CODE = re.compile(r"``?([^`]+)``?")
_EXAMPLES = {"/predict": '{"symbol": "BTC/USDT"}'}


def add_docs(app: FastAPI) -> None:
    """Show the contract of an application at ``/docs``; the page loads nothing but its own style sheet."""

    @cache
    def page() -> str:
        return docs_page(app.openapi())

    @app.get("/docs", include_in_schema=False)
    def docs() -> Response:
        return Response(page(), media_type="text/html", headers={"content-security-policy": _POLICY})

    @app.get("/docs/style.css", include_in_schema=False)
    def style() -> Response:
        return Response(style_sheet(), media_type="text/css")


def docs_page(document: Mapping[str, Any]) -> str:
    """HTML page of an OpenAPI document and of every problem code."""
    environment = Environment(
        loader=PackageLoader(_PLACE, "page"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["prose"] = _prose
    operations = list(_operations(document))
    anywhere = set.intersection(*(set(each["codes"]) for each in operations))
    return environment.get_template("docs.html.j2").render(
        title=document["info"]["title"],
        description=document["info"]["description"],
        operations=operations,
        anywhere=anywhere,
        schemas=[_schema(name, schema) for name, schema in sorted(document["components"]["schemas"].items())],
        problems=[(code, kind, meaning_of(kind)) for code, kind in PROBLEMS.items()],
    )


@cache
def style_sheet() -> str:
    """Style of the page, for light and dark."""
    return (files(_PLACE) / "page" / "docs.css").read_text()


def _operations(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield {
                "method": method.upper(),
                "path": path,
                "anchor": operation["operationId"],
                "summary": operation["description"],
                "roles": operation["x-roles"],
                "parameters": [(each["name"], _type_of(each["schema"])) for each in operation.get("parameters", ())],
                "request": _body_of(operation.get("requestBody")),
                "answer": _body_of(operation["responses"]["200"]),
                "codes": [
                    (status, code) for status, response in operation["responses"].items() for code in _codes(response)
                ],
                "curl": _curl(method, path, keyed="security" in operation),
            }


def _codes(response: Mapping[str, Any]) -> list[str]:
    """Codes of a response; none of a success."""
    schema = next(iter(response["content"].values()))["schema"]
    return [
        code for part in schema.get("allOf", ()) for code in part.get("properties", {}).get("code", {}).get("enum", ())
    ]


def _body_of(message: Mapping[str, Any] | None) -> str | None:
    if message is None:
        return None
    media_type, content = next(iter(message["content"].items()))
    reference = str(content["schema"].get("$ref", ""))
    return reference.rpartition("/")[2] or str(media_type)


def _curl(method: str, path: str, *, keyed: bool) -> str:
    parts = ["curl -s"]
    if method != "get":
        parts.append(f"-X {method.upper()}")
    if keyed:
        parts.append('-H "x-api-key: $KEY"')
    if path in _EXAMPLES:
        parts.append(f"-H 'content-type: application/json' -d '{_EXAMPLES[path]}'")
    return " ".join([*parts, "$SERVICE" + path.replace("{name}", "champion")])


def _schema(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    prose, _, attributes = schema.get("description", "").partition("\n\nAttributes\n----------\n")
    required = set(schema.get("required", ()))
    fields = [
        (field, _type_of(kind), field in required, _meaning(attributes, field))
        for field, kind in schema.get("properties", {}).items()
    ]
    return {"name": name, "prose": prose, "fields": fields}


def _meaning(attributes: str, field: str) -> str:
    """What a docstring says of a field, in the lines below its name."""
    found = re.search(rf"^(?:\w+, )*{field}(?:, \w+)* : .*\n((?:[ ]+.*\n?)*)", attributes, re.MULTILINE)
    return " ".join(found[1].split()) if found else ""


def _type_of(schema: Mapping[str, Any]) -> str:
    """A JSON schema in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    for together in ("anyOf", "oneOf"):
        if together in schema:
            return " or ".join(_type_of(each) for each in schema[together])
    if "enum" in schema or "const" in schema:
        return ", ".join(json.dumps(value) for value in schema.get("enum", [schema.get("const")]))
    kind = str(schema.get("type", "anything"))
    if kind == "array":
        return f"list of {_type_of(schema['items'])}" if "items" in schema else "list"
    return str(schema.get("format", kind))


def _prose(text: str) -> Markup:
    """Text with its code marked as such."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped before
