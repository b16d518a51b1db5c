"""A digest of what a function computes: of its own code and of all the project's code it calls."""

import ast
import hashlib
import inspect
import textwrap
from collections.abc import Callable, Iterable, Iterator, Set
from functools import cache
from types import CodeType, ModuleType
from typing import Any

_PROJECT = "algotrade"


def code_digest(functions: Iterable[Callable[..., Any]], specification: str) -> str:
    """SHA-256 of a specification and of the code behind some functions.

    Comments, docstrings, annotations' layout and formatting do not count; every function that is called, directly or
    not, and every constant that is read does, of this project and of the packages that the functions are from. The
    same on every machine.

    Parameters
    ----------
    functions : iterable of callable
    specification : str
        What else the digest should depend on.
    """
    given = list(functions)
    packages = {_PROJECT, *(_package(inspect.unwrap(function).__module__) for function in given)}
    pieces: dict[str, str] = {}
    for function in given:
        _collect(function, packages, pieces)
    text = "\n".join([specification, *(f"{name}\n{pieces[name]}" for name in sorted(pieces))])
    return hashlib.sha256(text.encode()).hexdigest()


def _collect(function: Callable[..., Any], packages: Set[str], pieces: dict[str, str]) -> None:
    plain = inspect.unwrap(getattr(function, "py_func", function))
    key = f"{plain.__module__}.{plain.__qualname__}"
    if key in pieces:
        return
    pieces[key] = _meaning(plain)
    for name in sorted(set(_names(plain.__code__))):
        if name not in plain.__globals__:
            continue
        value = plain.__globals__[name]
        if _is_constant(value):
            pieces[f"{plain.__module__}.{name}"] = repr(value)
        elif isinstance(value, ModuleType) and _package(value.__name__) in packages:
            pieces[value.__name__] = _meaning(value)
        elif _is_function(value) and _package(str(getattr(value, "__module__", ""))) in packages:
            _collect(value, packages, pieces)


def _is_function(value: Any) -> bool:
    return callable(value) and not isinstance(value, type)


def _is_constant(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_is_constant, (*value, *value.values())))
    if isinstance(value, tuple):
        return all(map(_is_constant, value))
    return value is None or isinstance(value, bool | int | float | str)


def _package(module: str) -> str:
    return module.partition(".")[0]


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
