"""``algotrade access``: who may ask the prediction service."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from algotrade.cli.plain_errors import plain_errors

if TYPE_CHECKING:
    from algotrade.inference.security import IssuedKey
    from algotrade.inference.security.key_file import StoredKey

_COLUMNS = ("id", "name", "role", "state", "requests/s", "created", "expires")
_ROLES = click.Choice(["viewer", "trader", "admin", "auditor"])


@click.group()
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    envvar="ALGOTRADE_ACCESS",
    show_default="ALGOTRADE_ACCESS, else access in the data folder",
    help="Where the keys are kept.",
)
@click.pass_context
def access(context: click.Context, folder: Path | None) -> None:
    """Keys of the prediction service; a running service knows of each change within a second.

    Without any key, the service answers on this machine only.
    """
    from algotrade.inference.security.settings import SecuritySettings  # noqa: PLC0415 - each command imports its own

    context.obj = folder.absolute() if folder is not None else SecuritySettings().access_folder


@access.command()
@click.argument("name")
@click.option("--role", type=_ROLES, required=True, help="What the key is good for.")
@click.option("--rate", type=click.FloatRange(0.01, 1e6), default=100.0, show_default=True, help="Requests a second.")
@click.option("--burst", type=click.IntRange(1), default=None, help="Requests at once; those of one second by default.")
@click.option("--days", type=click.FloatRange(0, min_open=True), default=None, help="Until it expires; never.")
@click.pass_obj
def create(folder: Path, name: str, role: str, rate: float, burst: int | None, days: float | None) -> None:
    """Make a key for NAME. It is shown once and kept nowhere."""
    from algotrade.inference.security import KeyRing, Role, Terms  # noqa: PLC0415

    with plain_errors():
        lifetime = None if days is None else timedelta(days=days)
        _hand_out(KeyRing(folder).create(name, Terms(Role(role), rate, burst, lifetime)))


@access.command("list")
@click.pass_obj
def list_keys(folder: Path) -> None:
    """All keys, without what is secret of them."""
    from algotrade.inference.security import KeyRing, TokenRing  # noqa: PLC0415

    with plain_errors():
        keys, token_keys = KeyRing(folder).keys(), TokenRing(folder).keys()
    if not keys and not token_keys:
        click.echo("No keys. The service answers on this machine only; `algotrade access create` makes one.")
        return
    now = datetime.now(UTC)
    rows = [_COLUMNS, *(_row(key, now) for key in keys), *((key.kid, "tokens", key.algorithm) for key in token_keys)]
    _echo_table([(*row, *[""] * (len(_COLUMNS) - len(row))) for row in rows])


@access.command()
@click.argument("key_id", metavar="ID")
@click.option(
    "--grace-hours", type=click.FloatRange(0), default=24.0, show_default=True, help="How long the old one stays valid."
)
@click.pass_obj
def rotate(folder: Path, key_id: str, grace_hours: float) -> None:
    """Make a new key on the terms of the key ID, which ends after the time of grace."""
    from algotrade.inference.security import KeyRing  # noqa: PLC0415

    with plain_errors():
        _hand_out(KeyRing(folder).rotate(key_id, timedelta(hours=grace_hours)))


@access.command()
@click.argument("key_id", metavar="ID")
@click.pass_obj
def revoke(folder: Path, key_id: str) -> None:
    """End the key ID now."""
    from algotrade.inference.security import KeyRing  # noqa: PLC0415

    with plain_errors():
        revoked = KeyRing(folder).revoke(key_id)
    click.echo(f"{revoked.id} ({revoked.name}, {revoked.role}) is revoked.")


@access.command()
@click.argument("kid")
@click.option("--public-key", type=click.File("rb"), default=None, help="PEM of the issuer's Ed25519 key (EdDSA).")
@click.pass_obj
def trust(folder: Path, kid: str, public_key: BinaryIO | None) -> None:
    """Accept tokens (JWT) whose header names the key KID.

    With --public-key, tokens are signed by its private half. Without, a secret is made for HS256 and printed, for the
    issuer of the tokens. To follow one key by another, trust the new one, sign with it, then distrust the old one.
    """
    from algotrade.inference.security import TokenRing  # noqa: PLC0415

    with plain_errors():
        if public_key is not None:
            TokenRing(folder).trust(kid, public_key.read())
            click.echo(f"Tokens of {kid} (EdDSA) are accepted.", err=True)
            return
        secret = TokenRing(folder).share(kid)
    click.echo(f"Tokens of {kid} (HS256) are accepted. The secret, in base64url, for their issuer:", err=True)
    click.echo(secret.get_secret_value())


@access.command()
@click.argument("kid")
@click.pass_obj
def distrust(folder: Path, kid: str) -> None:
    """Accept no token of the key KID any more."""
    from algotrade.inference.security import TokenRing  # noqa: PLC0415

    with plain_errors():
        TokenRing(folder).distrust(kid)
    click.echo(f"Tokens of {kid} are not accepted any more.")


@access.command()
def roles() -> None:
    """Print which role may ask which endpoint, as Markdown."""
    from algotrade.inference.security import access_table  # noqa: PLC0415

    click.echo(access_table())


def _hand_out(issued: "IssuedKey") -> None:
    """The key alone on standard output, so that it can be piped; all else beside it."""
    key = issued.stored
    click.echo(f"Key {key.id} of {key.name}, {key.role}, {key.rate:g} requests/s. It is not shown again:", err=True)
    click.echo(issued.cleartext.get_secret_value())


def _row(key: "StoredKey", now: datetime) -> Sequence[str]:
    ends = "never" if key.expires is None else f"{key.expires:%Y-%m-%d %H:%M}"
    return key.id, key.name, key.role, key.state(now), f"{key.rate:g}", f"{key.created:%Y-%m-%d %H:%M}", ends


def _echo_table(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[place]) for row in rows) for place in range(len(_COLUMNS))]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
