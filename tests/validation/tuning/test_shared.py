"""Several workers share one search on PostgreSQL: no trial twice, as many as asked for, the same result for all."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.postgres import execute, postgres_server, postgres_url  # noqa: F401 - fixtures

from algotrade.data.studies import study_storage

ROOT = Path(__file__).parents[3]
TRIALS = 9


def started(url: str, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "tests.validation.tuning.worker", url, str(TRIALS), *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def answers(workers: "list[subprocess.Popen[str]]") -> list[dict]:
    """Let all of them go at once, and wait for what they print; none from one that was killed."""
    for worker in workers:
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        worker.stdin.write("go\n")
        worker.stdin.flush()
    printed = [worker.communicate(timeout=120)[0] for worker in workers]
    return [json.loads(text) for text, worker in zip(printed, workers, strict=True) if worker.returncode == 0]


def test_two_workers_share_one_study(postgres_url):  # noqa: F811
    first, second = answers([started(postgres_url), started(postgres_url)])
    assert sorted(first["own"] + second["own"]) == list(range(TRIALS))
    assert first["own"]
    assert second["own"]
    assert first["trials"] == second["trials"]
    tried = list(zip(*(first["trials"][name] for name in ("num_leaves", "learning_rate", "lambda_l2")), strict=True))
    assert len(set(tried)) == TRIALS
    ((finished,),) = execute(postgres_url, "SELECT count(*) FROM trials WHERE state IN ('COMPLETE', 'PRUNED')")
    assert finished == TRIALS


def test_what_a_killed_worker_has_begun_the_other_one_does(postgres_url):  # noqa: F811
    (survivor,) = answers([started(postgres_url, "1"), started(postgres_url)])
    assert survivor["trials"]["number"] == list(range(TRIALS))
    with study_storage(postgres_url) as storage:
        (study,) = storage.get_all_studies()
        ended = [trial.state.name for trial in storage.get_all_trials(study._study_id)]
    assert ended.count("FAIL") >= 1
    assert ended.count("RUNNING") == 0


@pytest.mark.slow
def test_four_workers_share_one_study(postgres_url):  # noqa: F811
    results = answers([started(postgres_url) for _ in range(4)])
    assert sorted(number for result in results for number in result["own"]) == list(range(TRIALS))
