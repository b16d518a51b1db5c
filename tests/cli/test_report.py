"""The report as a picture and a PDF."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from algotrade.cli import cli
from algotrade.cli.report import BROWSERS

FAKE = """#!/bin/sh
for each in "$@"; do
  echo "$each" >> "{log}"
  case "$each" in --screenshot=*|--print-to-pdf=*) echo made > "${{each#*=}}";; esac
done
"""


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "report.html"
    path.write_text("<title>a report</title>")
    return path


def ask(*arguments: object):
    return CliRunner().invoke(cli, ["report", *map(str, arguments)])


def test_a_browser_makes_what_was_asked_for(page: Path, tmp_path: Path):
    browser, log = tmp_path / "browser", tmp_path / "log"
    browser.write_text(FAKE.format(log=log))
    browser.chmod(0o755)
    image, pdf = tmp_path / "docs" / "report.png", tmp_path / "report.pdf"
    answer = ask("--path", page, "--image", image, "--pdf", pdf, "--width", 800, "--browser", browser)
    assert answer.exit_code == 0, answer.output
    assert image.read_text() == pdf.read_text() == "made\n"
    told = log.read_text().splitlines()
    assert "--window-size=800,1690" in told
    assert told.count(page.as_uri()) == 2
    assert f"{pdf}: 5 bytes" in answer.output


def test_a_browser_that_makes_nothing_is_named(page: Path, tmp_path: Path):
    answer = ask("--path", page, "--pdf", tmp_path / "report.pdf", "--browser", "true")
    assert answer.exit_code == 1
    assert "did not make" in answer.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Name a file by --pdf"),
        (("--pdf", "x.pdf", "--path", "nowhere.html"), "Make one with `kedro run`"),
        (("--pdf", "x.pdf", "--browser", "no-such-browser"), "looked for no-such-browser"),
    ],
)
def test_what_cannot_be_made_is_said(arguments: tuple[str, ...], words: str, page: Path):
    answer = ask("--path", page, *arguments)
    assert answer.exit_code == 1
    assert words in " ".join(answer.output.split())


@pytest.mark.slow
@pytest.mark.skipif(not any(map(shutil.which, BROWSERS)), reason="no browser here")
def test_a_real_browser_prints_a_page(page: Path, tmp_path: Path):
    answer = ask("--path", page, "--pdf", tmp_path / "report.pdf")
    assert answer.exit_code == 0, answer.output
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
