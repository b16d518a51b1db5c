"""A sweep that breaks off has counted what it saw, goes on where it was, and finds what it would have found."""

import os
import signal
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import pytest

from algotrade.backtesting.grid import Grid
from algotrade.backtesting.statistics import deflated
from algotrade.backtesting.sweep import TradingTerms, sweep, sweep_in_chunks
from algotrade.backtesting.trials import TrialData
from algotrade.datasets.trials import SweepResults, TrialFile
from algotrade.domain.costs import Costs
from algotrade.errors import BacktestError
from algotrade.pipelines.backtesting import sweeping
from algotrade.pipelines.backtesting.sweeping import SweepBook, SweepOrder, run_sweep, with_grid_of
from algotrade.strategies import MarketView
from algotrade.validation.overfitting import SharpeSample
from tests.backtesting.conftest import build_random_panel

TERMS = TradingTerms()
GRID = Grid.of("momentum", {"window": tuple(range(6, 30, 3)), "entry_score": (0.5, 1.0)}, {"volatility_window": 24})
LARGE = Grid.of("momentum", {"window": tuple(range(2, 122)), "entry_score": (0.5, 1.0, 1.5)}, {"volatility_window": 48})
PROGRAM = (
    "import sys; from pathlib import Path; from tests.pipelines.test_sweeping import *; "
    "run_sweep(market(6_000), SweepOrder(LARGE, workers=int(sys.argv[2])), TERMS, book_at(Path(sys.argv[1])))"
)


def market(rows: int = 1_000) -> MarketView:
    return MarketView(build_random_panel(11, rows, 3), warmup=150)


def book_at(folder: Path) -> SweepBook:
    return SweepBook(TrialFile(folder / "trial_ledger.db"), SweepResults(folder / "sweeps.db"))


@pytest.fixture
def book(tmp_path) -> SweepBook:
    return book_at(tmp_path)


def test_the_report_has_every_variant_the_best_first_and_a_word_about_luck(book):
    view = market()
    report = run_sweep(view, SweepOrder(GRID), TERMS, book)
    swept = sweep(view, GRID.variants(), Costs())
    assert set(report.results["variant"]) == set(swept.variants.index)
    assert report.results["sharpe"].is_monotonic_decreasing
    best = report.results.iloc[0]
    assert best["sharpe"] == swept.variants["sharpe"].max()
    assert report.trials == len(GRID)
    sample = SharpeSample.of_returns(swept.daily_returns[best["variant"]])
    assert report.deflated_sharpe == pytest.approx(deflated(sample, len(GRID)))
    assert report.luck > 0.0


def test_a_repeated_sweep_runs_nothing_and_counts_nothing(book, monkeypatch):
    first = run_sweep(market(), SweepOrder(GRID), TERMS, book)
    monkeypatch.setattr(sweeping, "sweep_in_chunks", lambda *_: pytest.fail("something was run again"))
    again = run_sweep(market(), SweepOrder(GRID), TERMS, book)
    assert (first.known, again.known) == (0, len(GRID))
    assert again.trials == first.trials
    assert again.results.equals(first.results)


def test_other_parameters_make_the_same_winner_less_convincing(book):
    few = run_sweep(market(), SweepOrder(GRID), TERMS, book)
    wider = Grid.of("momentum", {"window": tuple(range(6, 90, 3)), "entry_score": (0.5, 1.0)}, dict(GRID.fixed))
    run_sweep(market(), SweepOrder(wider), TERMS, book)
    after = run_sweep(market(), SweepOrder(GRID), TERMS, book)
    assert after.trials == len(wider) > few.trials
    assert after.results.equals(few.results)
    assert after.deflated_sharpe < few.deflated_sharpe


def test_what_a_crashed_sweep_has_seen_counts(book, monkeypatch):
    def breaks_off(*given):
        parts = sweep_in_chunks(*given)
        yield next(parts)
        raise BacktestError("the power is gone")

    monkeypatch.setattr(sweeping, "sweep_in_chunks", breaks_off)
    with pytest.raises(BacktestError, match="power"):
        run_sweep(market(), SweepOrder(GRID), TERMS, book)
    monkeypatch.undo()
    seen = book.ledger.load().count(TrialData.of(market()))
    assert 0 < seen < len(GRID)
    assert run_sweep(market(), SweepOrder(GRID), TERMS, book).known == seen


@pytest.mark.parametrize("order", [SweepOrder(LARGE, "random", 12), SweepOrder(GRID, "optuna", 12, seed=5)])
def test_a_search_repeats_itself_from_what_is_kept(book, order, tmp_path):
    first = run_sweep(market(), order, TERMS, book)
    again = run_sweep(market(), order, TERMS, book)
    assert again.known == len(again.results) == len(first.results) <= 12
    assert again.results.equals(first.results)
    assert run_sweep(market(), order, TERMS, book_at(tmp_path / "fresh")).results.equals(first.results)


def test_as_many_processes_as_wanted_find_the_same(book, tmp_path):
    alone = run_sweep(market(), SweepOrder(GRID), TERMS, book)
    shared = run_sweep(market(), SweepOrder(GRID, workers=2), TERMS, book_at(tmp_path / "shared"))
    assert shared.results.equals(alone.results)


def test_heat_map_data_of_the_other_strategies_stay(book):
    report = run_sweep(market(), SweepOrder(GRID), TERMS, book)
    own = with_grid_of(None, report, GRID.default)
    others = own.assign(strategy="other")
    merged = with_grid_of(with_grid_of(others, report, GRID.default), report, GRID.default)
    assert merged["strategy"].value_counts().to_dict() == {"other": len(GRID), "momentum": len(GRID)}


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
@pytest.mark.parametrize("workers", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_a_killed_sweep_goes_on_where_it_was(tmp_path, workers):
    book, command = book_at(tmp_path), [sys.executable, "-c", PROGRAM, str(tmp_path), str(workers)]
    process = subprocess.Popen(command)
    try:
        deadline = time.monotonic() + 120
        while len(book.ledger.load().trials) <= 64 * workers:  # until a part is kept, not only counted
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        family = descendants(process.pid)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    counted = book.ledger.load().count(TrialData.of(market(6_000)))
    assert 0 < counted < len(LARGE), "killed while it ran"
    resumed = run_sweep(market(6_000), SweepOrder(LARGE), TERMS, book)
    assert 0 < resumed.known <= counted
    assert resumed.known >= counted - 64, "at most the part that was being kept is run again"
    assert resumed.trials == len(resumed.results) == len(LARGE)
    deadline = time.monotonic() + 60
    while any(map(is_running, family)):
        assert time.monotonic() < deadline, "somebody works on for a sweep that is gone"
        time.sleep(0.05)


def descendants(pid: int) -> list[int]:
    try:
        children = [int(own) for own in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return children + [below for child in children for below in descendants(child)]


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except OSError:
        return False


def test_memory_does_not_grow_with_the_variants(book):
    # What a part leaves behind are lines in two files; the traced peak is that of one part.
    def peak(count: int, where: SweepBook) -> float:
        tracemalloc.start()
        run_sweep(market(2_000), SweepOrder(LARGE, "random", count), TERMS, where)
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size / 1e6

    run_sweep(market(2_000), SweepOrder(GRID), TERMS, book)
    small, large = peak(64, book), peak(320, book)
    assert large < small + 2.0, f"{small:.1f} MB for 64 variants, {large:.1f} MB for 320"
