"""``python -m algotrade``: the project commands."""

from algotrade.cli import cli

if __name__ == "__main__":
    cli()
