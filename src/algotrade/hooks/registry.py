"""A run whose registry is out of reach ends before it has begun."""

from kedro.config import OmegaConfigLoader
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl

from algotrade.errors import RegistryError
from algotrade.hooks.errors import for_the_terminal


class RegistryHooks:
    """The registry answers before hours are spent on what could not be registered."""

    @hook_impl(tryfirst=True)
    def after_context_created(self, context: KedroContext) -> None:
        """Ask it for something small; kedro-mlflow uses the same connection afterwards."""
        from algotrade.tracking import ModelRegistry  # noqa: PLC0415 - imports SQLAlchemy

        loader = context.config_loader
        assert isinstance(loader, OmegaConfigLoader)
        loader.config_patterns.setdefault("mlflow", ["mlflow*", "mlflow*/**", "**/mlflow*"])
        uri = (loader["mlflow"].get("server") or {}).get("mlflow_tracking_uri")
        if not uri:
            return
        try:
            ModelRegistry(uri=uri).require()
        except RegistryError as error:
            raise for_the_terminal(error) from error
