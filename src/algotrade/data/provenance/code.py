"""Which code a result came from: the commit, what was changed since, and a digest of the files that ran."""

import hashlib
import subprocess
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from algotrade.data.provenance.redaction import redacted

UNKNOWN_COMMIT = "unknown"
LOCK_FILE = "requirements.lock"
LONGEST_DIFF = 1_000_000
"""Characters of a diff that are kept."""

_PACKAGE = Path(__file__).parents[2]
_CODE = ("src", "conf", "pyproject.toml", LOCK_FILE)
# Neither data nor what is meant to be secret: these are never looked at.
_NEVER = (":(exclude)conf/local", ":(exclude,glob)**/*credentials*", ":(exclude,glob)**/*.parquet")
_MOST_NEW_FILES = 100


class CodeState(BaseModel):
    """The code of a run.

    Attributes
    ----------
    commit : str
        That was checked out, or ``unknown``.
    diff : str
        What code and configuration differed by, new files included, as ``git apply`` takes it.
    diff_digest : str
        SHA-256 of the whole diff; empty where there was none.
    diff_complete : bool
        Whether ``diff`` is all of it: not cut, and nothing in it replaced because it looked like a secret.
    source_digest : str
        SHA-256 over the package's own files, with or without git.
    lock_digest : str
        SHA-256 of ``requirements.lock``; empty where there is none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    commit: str = UNKNOWN_COMMIT
    diff: str = ""
    diff_digest: str = ""
    diff_complete: bool = True
    source_digest: str
    lock_digest: str = ""


def project_root() -> Path:
    """Folder of the project that this code belongs to; the current one where it was installed without its project."""
    root = _PACKAGE.parents[1]
    return root if (root / "pyproject.toml").is_file() else Path.cwd()


def code_state(root: Path | None = None) -> CodeState:
    """Code in the project folder ``root``, the one of this package by default, as it is now."""
    folder = root or project_root()
    diff = _diff(folder)
    kept, replaced = redacted(diff)
    lock = folder / LOCK_FILE
    return CodeState(
        commit=_git(folder, "rev-parse", "HEAD").strip() or UNKNOWN_COMMIT,
        diff=kept[:LONGEST_DIFF],
        diff_digest=_digest(diff.encode()) if diff else "",
        diff_complete=replaced == 0 and len(kept) <= LONGEST_DIFF,
        source_digest=source_digest(_PACKAGE),
        lock_digest=_digest(lock.read_bytes()) if lock.is_file() else "",
    )


def git_commit(folder: Path) -> str:
    """Commit that is checked out in ``folder``, with ``+changes`` if tracked files differ; else ``unknown``."""
    commit = _git(folder, "rev-parse", "HEAD").strip()
    if not commit:
        return UNKNOWN_COMMIT
    return f"{commit}+changes" if _git(folder, "status", "--porcelain", "--untracked-files=no") else commit


def source_digest(package: Path) -> str:
    """SHA-256 over the Python files of a package, by their relative paths."""
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(f"{path.relative_to(package).as_posix()}\n".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _diff(folder: Path) -> str:
    """Changes of code and configuration since the commit, new files last."""
    plain = ("--no-color", "--no-ext-diff", "--no-textconv")
    tracked = _git(folder, "diff", *plain, "--relative", "HEAD", "--", *_CODE, *_NEVER)
    new = _git(folder, "ls-files", "-z", "--others", "--exclude-standard", "--", *_CODE, *_NEVER)
    names = sorted(name for name in new.split("\0") if name)[:_MOST_NEW_FILES]
    return tracked + "".join(_git(folder, "diff", *plain, "--no-index", "--", "/dev/null", name) for name in names)


def _git(folder: Path, *arguments: str) -> str:
    """What git prints; nothing where it is missing or fails."""
    try:
        answer = subprocess.run(  # noqa: S603 - fixed arguments
            ["git", *arguments],  # noqa: S607 - whichever git the user has
            cwd=folder,
            capture_output=True,
            timeout=30,
            check=False,
        )
    except (FileNotFoundError, NotADirectoryError, subprocess.TimeoutExpired):
        return ""
    # A comparison that found something ends with 1.
    accepted = (0, 1) if "--no-index" in arguments else (0,)
    return answer.stdout.decode(errors="replace") if answer.returncode in accepted else ""


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
