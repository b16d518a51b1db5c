"""Which code a result came from."""

import subprocess
from pathlib import Path

UNKNOWN_COMMIT = "unknown"


def git_commit(folder: Path) -> str:
    """Commit that is checked out in ``folder``, with ``+changes`` if tracked files differ; else ``unknown``."""
    commit = _git(folder, "rev-parse", "HEAD")
    if not commit:
        return UNKNOWN_COMMIT
    return f"{commit}+changes" if _git(folder, "status", "--porcelain", "--untracked-files=no") else commit


def _git(folder: Path, *arguments: str) -> str:
    try:
        answer = subprocess.run(  # noqa: S603 - fixed arguments
            ["git", *arguments],  # noqa: S607 - whichever git the user has
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""
