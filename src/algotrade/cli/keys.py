"""``algotrade keys``: a pair of keys for model bundles, and bundles signed and checked with it."""

import os
from pathlib import Path

import click

from algotrade.cli.plain_errors import plain_errors

_FOLDER = click.Path(path_type=Path, file_okay=False)


def _champion() -> str:
    return str(Path(os.environ.get("ALGOTRADE_DATA", "data")) / "06_models" / "champion")


_folder_argument = click.argument("folder", type=_FOLDER, default=_champion)


@click.group()
def keys() -> None:
    """Sign model bundles, so that serving can refuse those of anybody else.

    ALGOTRADE_SIGNING_KEY is the private key, ALGOTRADE_VERIFY_KEY the public one.
    """


@keys.command()
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False), default="conf/local/signing_key")
def new(path: Path) -> None:
    """Make a pair: the private key into PATH, which only you can read, the public one printed."""
    from algotrade.errors import ConfigurationError  # noqa: PLC0415 - each command imports what it needs
    from algotrade.models.signature import SigningKey  # noqa: PLC0415

    with plain_errors():
        key = SigningKey.generate()
        try:
            with open(path, "x", encoding="ascii", opener=_for_the_owner_only) as file:
                file.write(key.text + "\n")
        except OSError as error:
            raise ConfigurationError(
                f"{path} cannot be made ({error.strerror}); a key that is already there is not replaced. "
                "Name another path."
            ) from error
    click.echo(f"Private key, to sign with:  {path}", err=True)
    click.echo(f'  export ALGOTRADE_SIGNING_KEY="$(cat {path})"', err=True)
    click.echo("Public key, to check with:", err=True)
    click.echo(f"ALGOTRADE_VERIFY_KEY={key.verify_key.text}")


@keys.command()
@_folder_argument
def sign(folder: Path) -> None:
    """Sign the unchanged bundle in FOLDER, the champion by default, with ALGOTRADE_SIGNING_KEY."""
    from algotrade.data.keys import BundleKeys  # noqa: PLC0415
    from algotrade.errors import ConfigurationError  # noqa: PLC0415
    from algotrade.models.bundle import sign_bundle  # noqa: PLC0415

    with plain_errors():
        key = BundleKeys().signing
        if key is None:
            raise ConfigurationError("ALGOTRADE_SIGNING_KEY is not set. Make a pair with `algotrade keys new`.")
        manifest = sign_bundle(folder, key)
    click.echo(f"{folder}: {manifest.model} {manifest.version} signed with the key {key.verify_key.fingerprint}")


@keys.command()
@_folder_argument
def check(folder: Path) -> None:
    """Tell whether the bundle in FOLDER, the champion by default, is unchanged and signed for ALGOTRADE_VERIFY_KEY."""
    from algotrade.data.keys import BundleKeys  # noqa: PLC0415
    from algotrade.errors import ConfigurationError  # noqa: PLC0415
    from algotrade.models.bundle import ModelBundle  # noqa: PLC0415

    with plain_errors():
        key = BundleKeys().verifying
        if key is None:
            raise ConfigurationError("ALGOTRADE_VERIFY_KEY is not set. `algotrade keys new` prints it with a new pair.")
        manifest = ModelBundle.load(folder, verify_key=key).manifest
    click.echo(f"{folder}: {manifest.model} {manifest.version} is unchanged and signed with the key {key.fingerprint}")


def _for_the_owner_only(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)
