"""What a result was made of: the code, the machine, the data and the parameters, enough to make it again."""

from algotrade.data.provenance.code import UNKNOWN_COMMIT, CodeState, code_state, git_commit, project_root
from algotrade.data.provenance.comparison import Difference, changed_files, differences
from algotrade.data.provenance.machine import MachineState, machine_state
from algotrade.data.provenance.record import DataState, ModelFiles, RunRecord

__all__ = [
    "UNKNOWN_COMMIT",
    "CodeState",
    "DataState",
    "Difference",
    "MachineState",
    "ModelFiles",
    "RunRecord",
    "changed_files",
    "code_state",
    "differences",
    "git_commit",
    "machine_state",
    "project_root",
]
