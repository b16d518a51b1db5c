"""On which machine, Python and libraries a result was made."""

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pydantic import BaseModel, ConfigDict

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OMP_WAIT_POLICY",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "TF_ENABLE_ONEDNN_OPTS",
)
"""Environment variables that decide how sums are split, and so their last bits."""
LIBRARIES = (
    "algotrade",
    "keras",
    "lightgbm",
    "numba",
    "numpy",
    "onnx",
    "onnxruntime",
    "optuna",
    "pandas",
    "scikit-learn",
    "scipy",
    "ta-lib",
    "tensorflow",
    "tensorflow-cpu",
)
# As the process was started: what a library sets for itself later is not a setting.
_STARTED_WITH = {name: os.environ[name] for name in THREAD_VARIABLES if name in os.environ}
_VECTOR_FLAGS = ("sse", "ssse", "avx", "fma", "f16c", "bmi", "asimd", "sve", "neon", "amx")


class MachineState(BaseModel):
    """What the numbers of a run may depend on besides code and data.

    Attributes
    ----------
    python, platform, processor : str
    cpus : int
    cpu_flags : tuple of str
        Vector instructions of the processor.
    threads : dict of str to str
        Those of ``THREAD_VARIABLES`` that are set.
    libraries : dict of str to str
        Installed versions of ``LIBRARIES``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    python: str
    platform: str
    processor: str
    cpus: int
    cpu_flags: tuple[str, ...]
    threads: dict[str, str]
    libraries: dict[str, str]


def machine_state() -> MachineState:
    """The machine and environment of this process."""
    processor, flags = _processor()
    return MachineState(
        python=f"{platform.python_implementation()} {platform.python_version()}",
        platform=f"{platform.system()} {platform.machine()} {'-'.join(platform.libc_ver())}".rstrip("- "),
        processor=processor,
        cpus=os.cpu_count() or 1,
        cpu_flags=tuple(sorted(flag for flag in flags if flag.startswith(_VECTOR_FLAGS))),
        threads=_STARTED_WITH,
        libraries={name: found for name in LIBRARIES if (found := _installed(name))},
    )


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _processor() -> tuple[str, set[str]]:
    """Name of the processor and its flags, lower case; empty where the system does not tell."""
    if platform.system() == "Darwin":
        return _sysctl("machdep.cpu.brand_string"), set(_sysctl("machdep.cpu.features").lower().split())
    told = _first_processor(Path("/proc/cpuinfo"))
    name = told.get("model name") or platform.processor()
    return name, set((told.get("flags") or told.get("Features") or "").lower().split())


def _first_processor(path: Path) -> dict[str, str]:
    try:
        block = path.read_text().split("\n\n", 1)[0]
    except OSError:
        return {}
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in block.splitlines())}


def _sysctl(name: str) -> str:
    try:
        answer = subprocess.run(  # noqa: S603 - fixed arguments
            ["/usr/sbin/sysctl", "-n", name], capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.strip()
