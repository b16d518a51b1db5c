"""``algotrade report``: the report as a picture or a PDF, made by a browser that draws its figures."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import click

from algotrade.cli.plain_errors import plain_errors
from algotrade.errors import ConfigurationError, DataError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
_SECONDS = 120
_PATIENCE_MS = 20_000
"""Of the page's own clock, for its figures to be drawn; it runs faster than ours."""


def _default_path() -> str:
    return str(Path(os.environ.get("ALGOTRADE_DATA", "data")) / "08_reporting" / "report.html")


@click.command()
@click.option(
    "--path",
    type=click.Path(path_type=Path),
    default=_default_path,
    show_default="data/08_reporting/report.html",
    help="The report to draw.",
)
@click.option("--pdf", type=click.Path(path_type=Path), help="Print all of it to this file.")
@click.option("--image", type=click.Path(path_type=Path), help="Draw the top of it to this PNG file.")
@click.option("--width", default=1180, show_default=True, help="Of the image, in pixels.")
@click.option("--height", default=1690, show_default=True, help="Of the image, in pixels.")
@click.option(
    "--browser", help=f"Command of a browser of the Chromium family; by default one of {', '.join(BROWSERS)}."
)
def report(path: Path, pdf: Path | None, image: Path | None, width: int, height: int, browser: str | None) -> None:
    """Make a PDF to forward, or a picture to show, of the report of the last run.

    The picture in the README is made by `algotrade report --image docs/images/report.png`. Nothing is fetched: the
    report is one self-contained file.
    """
    with plain_errors():
        if pdf is None and image is None:
            raise ConfigurationError("There is nothing to make. Name a file by --pdf FILE, --image FILE, or both.")
        if not path.is_file():
            raise DataError(f"There is no report at {path}. Make one with `kedro run`, or name another by --path.")
        command = _browser(browser)
        if image is not None:
            size = ("--hide-scrollbars", f"--window-size={width},{height}")
            _make(command, path, image, (*size, f"--screenshot={image.resolve()}"))
        if pdf is not None:
            _make(command, path, pdf, ("--no-pdf-header-footer", f"--print-to-pdf={pdf.resolve()}"))


def _browser(named: str | None) -> str:
    found = next((path for name in ([named] if named else BROWSERS) if (path := shutil.which(name))), None)
    if found is None:
        raise ConfigurationError(
            f"No browser was found on the path; looked for {named or ', '.join(BROWSERS)}. "
            "Install Chromium or Chrome, or name the command of one by --browser. "
            "Any browser can also print the report by itself: its print style is made for paper."
        )
    return found


def _make(browser: str, path: Path, made: Path, options: tuple[str, ...]) -> None:
    made.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as profile:
        answer = subprocess.run(  # noqa: S603 - a browser that the user has named or installed
            [
                browser,
                "--headless",
                "--disable-gpu",
                f"--user-data-dir={profile}",
                f"--virtual-time-budget={_PATIENCE_MS}",
                # A container runs as root, where Chromium has no sandbox.
                *(["--no-sandbox"] if os.geteuid() == 0 else []),
                *options,
                path.resolve().as_uri(),
            ],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    if answer.returncode != 0 or not made.is_file():
        told = answer.stderr.strip().splitlines()[-1:] or [f"status {answer.returncode}"]
        raise DataError(f"{browser} did not make {made}: {told[0]}. Try another browser by --browser.")
    click.echo(f"{made}: {made.stat().st_size:,} bytes")
