"""A mistake in the input ends in one message."""

import click
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl

from algotrade.errors import AlgotradeError
from algotrade.monitoring.run_log import name_run
from algotrade.pipelines.parameters import check_parameters


class UserErrorHooks:
    """A mistake in the input ends in one message, not in a traceback."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Refuse unknown parameters before anything is read."""
        try:
            check_parameters(context.params)
        except AlgotradeError as error:
            raise for_the_terminal(error) from error

    @hook_impl(trylast=True)
    def on_pipeline_error(self, error: Exception) -> None:
        """Show our own errors as they are; anything else stays a traceback."""
        name_run(None)
        cause = _algotrade_cause(error)
        if cause is not None and cause is not error:
            raise for_the_terminal(cause) from error
        if cause is not None and click.get_current_context(silent=True) is not None:
            raise for_the_terminal(cause) from error


def _algotrade_cause(error: BaseException | None) -> AlgotradeError | None:
    # Kedro wraps what a dataset raises into a DatasetError.
    while error is not None and not isinstance(error, AlgotradeError):
        error = error.__cause__
    return error


def for_the_terminal(error: AlgotradeError) -> Exception:
    """Give the error the form that the caller shows best: a plain message on the command line."""
    if click.get_current_context(silent=True) is None:
        return error
    return click.ClickException(str(error))
