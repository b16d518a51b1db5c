"""``algotrade sweep``: thousands of variants of a strategy, each counted, the best of them with a word about luck."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from algotrade.cli.plain_errors import plain_errors
from algotrade.errors import ConfigurationError, DataError

if TYPE_CHECKING:
    from algotrade.pipelines.backtesting.sweeping import SweepOrder, SweepReport
    from algotrade.strategies import MarketView

_READ = ("candles", "out_of_fold_predictions", "ranking", "universe")
_CONVINCING = 0.95


@click.command()
@click.argument("strategy")
@click.option(
    "--parameter",
    "axes",
    multiple=True,
    metavar="NAME=VALUES",
    help="Values to try: window=24:336:24 or window=24,72; the strategy's own search space by default.",
)
@click.option("--sample", type=click.IntRange(1), default=None, help="So many combinations at random instead of all.")
@click.option("--optuna", type=click.IntRange(1), default=None, help="So many that Optuna proposes instead.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of --sample and --optuna.")
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Processes.")
@click.option("--best", type=click.IntRange(1), default=10, show_default=True, help="Variants to print.")
@click.option("--env", default=None, help="Environment whose catalog and parameters are used, as in production.")
def sweep(strategy: str, best: int, env: str | None, **options: Any) -> None:
    """Simulate many variants of STRATEGY on the candles and predictions of the last run.

    Account, costs, risk limits and every parameter that is not tried are those of the configuration. Each variant
    counts as a trial for ever. Break it off as you like: what is finished is not run again. The figures go where the
    report finds them for its heat maps; `kedro run --pipeline reporting` draws them.
    """
    with plain_errors():
        from algotrade.datasets.trials import SweepResults  # noqa: PLC0415 - each command its own
        from algotrade.monitoring.run_log import configure_logging  # noqa: PLC0415
        from algotrade.pipelines.backtesting import sweeping  # noqa: PLC0415
        from algotrade.pipelines.parameters import BacktestingParameters  # noqa: PLC0415

        catalog, parameters = _project(env)
        configure_logging()
        settings = BacktestingParameters.parse(parameters["backtesting"])
        order = _order(strategy, settings.strategies.get(strategy, {}), **options)
        view = _market(catalog, parameters)
        ledger = catalog["trial_ledger"].file
        book = sweeping.SweepBook(ledger, SweepResults(ledger.path.with_name("sweeps.db")))
        report = sweeping.run_sweep(view, order, settings.terms, book)
        known = catalog.load("sweep_grid") if catalog.exists("sweep_grid") else None
        catalog.save("sweep_grid", sweeping.with_grid_of(known, report, order.grid.default))
        click.echo("\n".join(_lines(report, view, best)))


def _order(
    strategy: str, fixed: dict[str, Any], axes: tuple[str, ...], sample: int | None, optuna: int | None, **run: int
) -> "SweepOrder":
    """What the options ask for."""
    from algotrade.backtesting.grid import Grid, parse_axis  # noqa: PLC0415
    from algotrade.pipelines.backtesting.sweeping import SweepOrder  # noqa: PLC0415

    if sample and optuna:
        raise ConfigurationError("--sample and --optuna are two ways to choose what is tried. Give one of them.")
    grid = Grid.of(strategy, dict(map(parse_axis, axes)), fixed)
    if optuna:
        return SweepOrder(grid, "optuna", optuna, **run)
    return SweepOrder(grid, "random", sample, **run) if sample else SweepOrder(grid, "grid", len(grid), **run)


def _project(env: str | None) -> "tuple[Any, dict[str, Any]]":
    """Catalog and parameters of the project that the current folder belongs to, without the hooks of a run."""
    from kedro.io import DataCatalog  # noqa: PLC0415 - each command its own
    from kedro.utils import find_kedro_project  # noqa: PLC0415

    from algotrade.settings import CONFIG_LOADER_ARGS, CONFIG_LOADER_CLASS  # noqa: PLC0415

    folder = find_kedro_project(Path.cwd())
    if folder is None:
        raise DataError(f"{Path.cwd()} is no folder of the project, so there is no catalog to read. Change into it.")
    loader = CONFIG_LOADER_CLASS(conf_source=str(folder / "conf"), env=env, **CONFIG_LOADER_ARGS)
    entries = loader["catalog"]
    needed = {name: entries[name] for name in (*_READ, "sweep_grid", "trial_ledger")}
    return DataCatalog.from_config(needed, loader["credentials"]), loader["parameters"]


def _market(catalog: Any, parameters: dict[str, Any]) -> "MarketView":
    """The view that the backtests of the last run had."""
    from algotrade.pipelines.backtesting.nodes import view  # noqa: PLC0415

    missing = [name for name in _READ if not catalog.exists(name)]
    if missing:
        raise DataError(f"There is no {' and no '.join(missing)} to sweep on. Run `kedro run` first.")
    candles, predictions, ranking, universe = (catalog.load(name) for name in _READ)
    return view(candles, predictions, ranking, universe, parameters["training"])


def _lines(report: "SweepReport", view: "MarketView", best: int) -> list[str]:
    """The best variants, and how far they are to be believed."""
    results, span = report.results, view.decided.close_time
    since, until = (time.strftime("%Y-%m-%d") for time in _times(span[0], span[-1]))
    title = (
        f"{results['strategy'].iloc[0]}: {len(results):,} variants on {len(view.panel.symbols)} symbols, "
        f"{view.panel.timeframe}, {since} to {until}; {report.known:,} were known"
    )
    varying = _varying(results)
    rows = [
        f"{row['sharpe']:>8.2f}{row['annual_return']:>10.1%}{row['max_drawdown']:>10.1%}{row['fills']:>8,}  "
        + ", ".join(f"{name}={value}" for name, value in json.loads(row["parameters"]).items() if name in varying)
        for row in results.head(best).to_dict("records")
    ]
    return [
        title,
        "",
        f"{'sharpe':>8}{'a year':>10}{'drawdown':>10}{'fills':>8}  parameters",
        *rows,
        "",
        _warning(report),
    ]


def _times(*milliseconds: int) -> Any:
    from algotrade.domain.candles import from_milliseconds  # noqa: PLC0415

    return from_milliseconds(milliseconds)


def _varying(results: Any) -> set[str]:
    from algotrade.backtesting.grid import grid_table  # noqa: PLC0415

    return set(grid_table(results, results["strategy"].iloc[0]).columns)


def _warning(report: "SweepReport") -> str:
    first = (
        f"The best of {report.trials:,} trials on this market, those of earlier runs included. Luck alone would show "
        f"the best of so many a Sharpe ratio of about {report.luck:.2f}."
    )
    if not report.deflated_sharpe > _CONVINCING:
        return (
            f"{first} Deflated Sharpe {report.deflated_sharpe:.2f}: not distinguishable from luck. "
            "Do not trade it for its place in this list."
        )
    return (
        f"{first} Deflated Sharpe {report.deflated_sharpe:.2f}: more than luck explains. What the winner earned here "
        "still flatters it; the walk-forward optimisation of `kedro run` says what was left on days not seen."
    )
