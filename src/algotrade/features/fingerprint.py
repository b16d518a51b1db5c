"""A digest of what a function computes: of its own code and of all the project's code it calls."""

import ast
import hashlib
import inspect
import textwrap
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from types import CodeType, ModuleType
from typing import Any

_PROJECT = "algotrade."


def code_digest(functions: Iterable[Callable[..., Any]], specification: str) -> str:
    """SHA-256 of a specification and of the code behind some functions.

    Comments, docstrings, annotations' layout and formatting do not count; every function of the project that is
    called, directly or not, and every constant that is read does. The same on every machine.

    Parameters
    ----------
    functions : iterable of callable
    specification : str
        What else the digest should depend on.
    """
    pieces: dict[str, str] = {}
    for function in functions:
        _collect(function, pieces)
    text = "\n".join([specification, *(f"{name}\n{pieces[name]}" for name in sorted(pieces))])
    return hashlib.sha256(text.encode()).hexdigest()


def _collect(function: Callable[..., Any], pieces: dict[str, str]) -> None:
    plain = inspect.unwrap(getattr(function, "py_func", function))
    key = f"{plain.__module__}.{plain.__qualname__}"
    if key in pieces:
        return
    pieces[key] = _meaning(plain)
    for name in sorted(set(_names(plain.__code__))):
        if name in plain.__globals__:
            _follow(f"{plain.__module__}.{name}", plain.__globals__[name], pieces)


def _follow(key: str, value: Any, pieces: dict[str, str]) -> None:
    """Add a global that a function reads: a function or module of the project, or a constant."""
    if isinstance(value, ModuleType):
        if value.__name__.startswith(_PROJECT):
            pieces[value.__name__] = _meaning(value)
    elif isinstance(value, bool | int | float | str | tuple):
        pieces[key] = repr(value)
    elif not isinstance(value, type) and str(getattr(value, "__module__", "")).startswith(_PROJECT):
        _collect(value, pieces)


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


@cache
def _meaning(code: Callable[..., Any] | ModuleType) -> str:
    """Source without comments, docstrings, decorators and formatting."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(code)))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            node.decorator_list = []
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)
