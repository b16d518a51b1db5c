"""All that a Bento consists of, gathered in one folder; the same each time it is gathered."""

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import algotrade

CODE = ("__init__.py", "errors.py", "registry.py", "py.typed")
PACKAGES = ("data", "domain", "features", "inference", "models", "monitoring", "tracking")
"""Of the project, those that the service consists of: no pipelines, no commands, nothing that trains or judges."""
SERVICE = "algotrade.inference.service:SignalService"
NAME = "signal_service"
_NOT_CODE = shutil.ignore_patterns("__pycache__", "*.pyc", "packaging")


@dataclass(frozen=True)
class Label:
    """What a Bento was made of.

    Attributes
    ----------
    version : str
        Of the Bento.
    model : str
        Name of the model.
    model_version : str
    feature_fingerprint : str
    commit : str
        Of the code.
    """

    version: str
    model: str
    model_version: str
    feature_fingerprint: str
    commit: str


def stage(folder: Path, bundle: Path, requirements: str, label: Label, python: str) -> None:
    """Gather a Bento in an empty folder.

    Parameters
    ----------
    folder : Path
    bundle : Path
        To be served.
    requirements : str
        Locked.
    label : Label
    python : str
        Version of Python, such as ``3.11``.
    """
    source = Path(algotrade.__file__).parent
    target = folder / "algotrade"
    target.mkdir(parents=True)
    for name in CODE:
        shutil.copyfile(source / name, target / name)
    for name in PACKAGES:
        shutil.copytree(source / name, target / name, ignore=_NOT_CODE)
    shutil.copytree(bundle.resolve(), folder / "bundle")
    (folder / "requirements.txt").write_text(requirements)
    (folder / "package.json").write_text(json.dumps(asdict(label), indent=1) + "\n")
    (folder / "README.md").write_text(_readme(label))
    # YAML reads JSON.
    (folder / "bentofile.yaml").write_text(json.dumps(_bentofile(label, python), indent=1) + "\n")


def _bentofile(label: Label, python: str) -> dict[str, object]:
    environment = {"BENTOML_DO_NOT_TRACK": "True", "DO_NOT_TRACK": "true", "OMP_NUM_THREADS": "1"}
    return {
        "service": SERVICE,
        "name": NAME,
        "description": "file:./README.md",
        "labels": {
            "model": label.model,
            "model_version": label.model_version,
            "feature_fingerprint": label.feature_fingerprint[:12],
            "commit": label.commit.replace("+", "-"),
        },
        "include": ["algotrade/**", "bundle/**", "package.json", "requirements.txt"],
        "python": {"requirements_txt": "./requirements.txt", "lock_packages": False},
        "docker": {"python_version": python},
        "envs": [{"name": name, "value": value} for name, value in environment.items()],
    }


def _readme(label: Label) -> str:
    return f"""# {NAME} {label.version}

Serves {label.model} {label.model_version}, made for the feature set {label.feature_fingerprint}.
The code is that of commit {label.commit}.

    bentoml serve {NAME}:{label.version}

Features by symbol come from the online store that ALGOTRADE_REDIS_URL names, keys and audit log lie below
ALGOTRADE_DATA. env/docker/Dockerfile makes a container of it; env/python/requirements.txt has the versions and hashes
of everything in it.
"""
