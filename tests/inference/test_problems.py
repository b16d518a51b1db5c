"""The codes are stable, each has its meaning, and the page about them is current."""

import importlib
import pkgutil
from pathlib import Path

import pytest
from click.testing import CliRunner

import algotrade.inference
from algotrade.cli import cli
from algotrade.inference.problems import PROBLEMS, Refusal, UnknownSymbol
from algotrade.inference.problems.reference import meaning_of, problem_reference

ROOT = Path(__file__).parents[2]
STABLE = {
    400: {"invalid_json"},
    401: {"unauthorized"},
    403: {"forbidden"},
    404: {"not_found", "unknown_model", "unknown_symbol", "unknown_timeframe"},
    405: {"method_not_allowed"},
    408: {"request_timeout"},
    409: {"model_refused", "no_previous_model", "wrong_fingerprint"},
    413: {"body_too_large"},
    415: {"not_json"},
    422: {"invalid_request", "not_finite", "unfit_features", "unknown_field"},
    429: {"rate_limited"},
    500: {"internal"},
    503: {
        "audit_unavailable",
        "features_not_online",
        "foreign_features",
        "no_model",
        "online_store_unavailable",
        "online_store_unusable",
        "overloaded",
        "stale_features",
    },
}
"""What clients rely on; a code may be added, but none may go or change its status."""


def test_codes_are_those_that_clients_know() -> None:
    assert {code: int(kind.status) for code, kind in PROBLEMS.items()} == {
        code: status for status, codes in STABLE.items() for code in codes
    }


def test_every_refusal_of_the_service_is_in_the_list() -> None:
    for module in pkgutil.walk_packages(algotrade.inference.__path__, "algotrade.inference."):
        if not module.name.endswith((".service", ".launch", ".live_launch")):
            importlib.import_module(module.name)
    kinds, found = [Refusal], set()
    while kinds:
        children = [each for each in kinds.pop().__subclasses__() if each.__module__.startswith("algotrade.inference.")]
        kinds += children
        found |= set(children)
    assert found == set(PROBLEMS.values())


@pytest.mark.parametrize("kind", PROBLEMS.values(), ids=PROBLEMS)
def test_each_says_what_it_means_and_what_to_do(kind: type[Refusal]) -> None:
    assert meaning_of(kind).endswith(".")
    assert kind.remedy.endswith(".")
    assert kind.remedy != Refusal.remedy


def test_what_a_client_sent_may_be_no_text() -> None:
    body = UnknownSymbol("Unknown symbol \ud800").problem.to_bytes()
    assert b"\\\\ud800" in body


def test_the_page_is_what_the_code_says() -> None:
    page = ROOT / "docs" / "reference" / "problems.md"
    assert page.read_text() == problem_reference(), "run `algotrade reference --problems > docs/reference/problems.md`"


def test_the_command_prints_one_page_at_a_time() -> None:
    assert CliRunner().invoke(cli, ["reference", "--problems"]).output == problem_reference()
    assert CliRunner().invoke(cli, ["reference", "--problems", "--features"]).exit_code == 2
