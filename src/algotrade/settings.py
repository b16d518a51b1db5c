"""What Kedro asks of a project: its hooks, and how its configuration is read."""

import warnings
from typing import Any

from kedro.config import OmegaConfigLoader
from omegaconf.resolvers import oc

from algotrade.hooks import (
    LineageHooks,
    ProgressHooks,
    RegistryHooks,
    RetrainingHooks,
    TimingHooks,
    TrackingHooks,
    UserErrorHooks,
)
from algotrade.hooks.mlflow_run import MlflowRunHooks

# omegaconf 2.4 renamed what Kedro still calls by the old name.
warnings.filterwarnings("ignore", message=r"(?s).*register_new_resolver\(\) is deprecated.*")

HOOKS = (
    UserErrorHooks(),
    RegistryHooks(),
    ProgressHooks(),
    TimingHooks(),
    LineageHooks(),
    TrackingHooks(),
    RetrainingHooks(),
    # Kedro calls the last one first, as it does hooks of plug-ins: the MLflow run is open before ours write to it.
    MlflowRunHooks(),
)
DISABLE_HOOKS_FOR_PLUGINS = ("kedro_mlflow",)
CONFIG_LOADER_CLASS = OmegaConfigLoader
CONFIG_LOADER_ARGS: dict[str, Any] = {
    "base_env": "base",
    "default_run_env": "local",
    "custom_resolvers": {"oc.env": oc.env},
    # An environment names what it changes; everything else of base stays.
    "merge_strategy": {"parameters": "soft", "globals": "soft"},
}
