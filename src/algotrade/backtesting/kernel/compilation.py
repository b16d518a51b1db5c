"""Functions of the accounting compiled to machine code, kept on disk until a source that they are made of changes."""

import hashlib
from pathlib import Path

from algotrade.domain import instrument
from algotrade.features.compilation import Kernel, compiled_under
from algotrade.risk import rules

_FOREIGN = (rules.__file__, instrument.__file__)


def compiled(kernel: Kernel) -> Kernel:
    """The function as machine code; its type stays what it was."""
    return compiled_under(_DIGEST, kernel)


def internal(kernel: Kernel) -> Kernel:
    """As :func:`compiled`, for a function that Python never calls: much sooner compiled."""
    return compiled_under(_DIGEST, kernel, internal=True)


def _sources_digest() -> str:
    """16 hexadecimal digits of this package's sources and those whose functions it calls."""
    sources = [*sorted(Path(__file__).parent.glob("*.py")), *map(Path, _FOREIGN)]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]


_DIGEST = _sources_digest()
