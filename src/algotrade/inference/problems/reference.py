"""The list of problem codes, from the code."""

import inspect

from algotrade.inference.problems.document import TYPE_PREFIX, Refusal
from algotrade.inference.problems.kinds import PROBLEMS

_HEAD = f"""# Problem codes

Printed by `algotrade reference --problems`. Every answer of the service that is not a success is a problem document
(RFC 9457, `application/problem+json`):

```json
{{"type": "{TYPE_PREFIX}not_found", "title": "Not Found", "status": 404, "detail": "...", "code": "not_found"}}
```

`code` never changes its meaning; `detail` is for people. In Python, `algotrade.client` raises the class of the code,
after it has asked again where the last column says so, as often as its limits allow and not before `Retry-After`.
"""


def meaning_of(kind: type[Refusal]) -> str:
    """What a kind of refusal says about a request: the first sentence of its class."""
    return " ".join((inspect.getdoc(kind) or "").partition("\n\n")[0].split())


def problem_reference() -> str:
    """Markdown page of every problem code, by status."""
    rows = [
        (f"`{code}`", kind.status.value, f"`{kind.__name__}`", meaning_of(kind), kind.remedy, _again(kind))
        for code, kind in PROBLEMS.items()
    ]
    head = ("code", "status", "in Python", "meaning", "what to do", "asked again")
    return "\n".join([_HEAD, *(_line(cells) for cells in (head, ("---",) * len(head), *rows)), ""])


def _again(kind: type[Refusal]) -> str:
    return "yes" if kind.retryable else "no"


def _line(cells: tuple[object, ...]) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"
