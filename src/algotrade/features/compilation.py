"""Functions compiled to machine code, kept on disk for as long as no kernel changes.

Numba looks at the file of a function alone: machine code that calls a kernel of another file would be kept when that
one changes, and run the old one. So the folder it is kept in is named by the sources of all kernels.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

from numba import config, njit

Kernel = TypeVar("Kernel", bound=Callable[..., object])

_MARKS = (b"\n@compiled\n", b"\n@reordered\n")


def compiled(kernel: Kernel) -> Kernel:
    """The function as machine code; its type stays what it was."""
    return compiled_under(_DIGEST, kernel)


def reordered(kernel: Kernel) -> Kernel:
    """As :func:`compiled`, where sums may be added up in another order, several at once; NaN stays NaN."""
    return compiled_under(_DIGEST, kernel, fastmath={"reassoc", "contract"})


def sources_digest(folder: Path) -> str:
    """16 hexadecimal digits that change when any module of the folder does that has a kernel in it."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.py")):
        source = path.read_bytes()
        if any(mark in source for mark in _MARKS):
            digest.update(source)
    return digest.hexdigest()[:16]


_PACKAGE = Path(__file__).parent
_DIGEST = sources_digest(_PACKAGE)


def compiled_under(
    digest: str, kernel: Kernel, fastmath: "bool | set[str]" = False, *, internal: bool = False
) -> Kernel:
    """The function as machine code that is kept in a folder named by a digest of all sources that it is made of.

    An internal one is called by machine code alone, and needs no entry for Python, which takes long to compile.
    """
    given = config.CACHE_DIR
    # Read when the decorator is applied; other libraries keep theirs where they were.
    config.CACHE_DIR = str(Path(given or _PACKAGE / "__pycache__") / f"kernels-{digest}")
    try:
        return cast(
            "Kernel",
            njit(
                cache=True,
                error_model="numpy",
                fastmath=fastmath,
                no_cpython_wrapper=internal,
                no_cfunc_wrapper=internal,
            )(kernel),
        )
    finally:
        config.CACHE_DIR = given
