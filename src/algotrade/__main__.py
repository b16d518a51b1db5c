"""``python -m algotrade``: the project commands."""

from algotrade.cli import main

if __name__ == "__main__":
    main()
