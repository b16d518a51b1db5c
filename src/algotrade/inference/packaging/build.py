"""A Bento of the champion: one folder with all that it takes to serve it, named after model and code."""

import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import algotrade
from algotrade.data.keys import BundleKeys
from algotrade.data.provenance import git_commit, project_root
from algotrade.data.provenance.code import source_digest
from algotrade.errors import ConfigurationError
from algotrade.inference.packaging.requirements import serving_requirements
from algotrade.inference.packaging.staging import NAME, Label, stage
from algotrade.models.bundle import ModelBundle

_CHANGES = "+changes"
_LAST_LINES = 15


@dataclass(frozen=True)
class Built:
    """A Bento in a store.

    Attributes
    ----------
    version : str
    folder : Path
    home : Path
        Of BentoML, the store that it is in.
    anew : bool
        Whether it was built, or was there already.
    """

    version: str
    folder: Path
    home: Path
    anew: bool

    @property
    def tag(self) -> str:
        """Name by which BentoML finds it."""
        return f"{NAME}:{self.version}"


def build_bento(bundle: Path, home: Path) -> Built:
    """Build a Bento of a bundle, or find it where the same one was built before.

    Parameters
    ----------
    bundle : Path
        Folder of the bundle to be served.
    home : Path
        ``BENTOML_HOME``.

    Raises
    ------
    BundleRejected
        If there is no bundle, it was changed or it is not signed as it has to be.
    ConfigurationError
        If something that it needs is not locked, or BentoML fails.
    """
    manifest = ModelBundle.load(bundle, verify_key=BundleKeys().verifying).manifest
    root = project_root()
    commit = git_commit(root)
    version = version_of(manifest.version, commit)
    folder = home / "bentos" / NAME / version
    if folder.is_dir():
        return Built(version, folder, home, anew=False)
    requirements = serving_requirements(root / "requirements.lock")
    label = Label(version, manifest.model, manifest.version, manifest.feature_fingerprint, commit)
    with tempfile.TemporaryDirectory() as scratch:
        staged = Path(scratch) / "stage"
        stage(staged, bundle, requirements, label, ".".join(platform.python_version_tuple()[:2]))
        _run_bentoml(staged, home, version)
    return Built(version, folder, home, anew=True)


def version_of(model_version: str, commit: str) -> str:
    """Version of a Bento: that of the model, and the commit; with changes since that, the digest of the code too.

    >>> version_of("93227df55ccf", "0123456789abcdef")
    '93227df55ccf-0123456789ab'
    """
    version = f"{model_version}-{commit.removesuffix(_CHANGES)[:12]}".lower()
    if not commit.endswith(_CHANGES):
        return version
    return f"{version}-{source_digest(Path(algotrade.__file__).parent)[:8]}"


def _run_bentoml(staged: Path, home: Path, version: str) -> None:
    """Build in a process that finds nothing of the project but what is staged."""
    environment = {
        **os.environ,
        "BENTOML_HOME": str(home),
        "BENTOML_DO_NOT_TRACK": "True",
        "PYTHONPATH": str(staged),
        # Compiled code is a by-product that differs from build to build.
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    home.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "bentoml", "build", "--version", version, "."]
    done = subprocess.run(command, cwd=staged, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        lines = (done.stdout + done.stderr).strip().splitlines()
        raise ConfigurationError("BentoML could not build the Bento:\n" + "\n".join(lines[-_LAST_LINES:]))
