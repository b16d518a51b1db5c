"""``algotrade audit-log``: what was done through the prediction service, and that the log of it is whole."""

from pathlib import Path

import click

from algotrade.cli.plain_errors import plain_errors


@click.group("audit-log")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    envvar="ALGOTRADE_AUDIT",
    show_default="ALGOTRADE_AUDIT, else audit in the data folder",
    help="Where the log is kept.",
)
@click.pass_context
def audit_log(context: click.Context, folder: Path | None) -> None:
    """The log of every authenticated action of the prediction service."""
    from algotrade.inference.security.settings import SecuritySettings  # noqa: PLC0415 - each command imports its own

    context.obj = folder.absolute() if folder is not None else SecuritySettings().audit_folder


@audit_log.command()
@click.option("--expect", metavar="DIGEST", default=None, help="Digest noted earlier, which has to be in the log.")
@click.pass_obj
def verify(folder: Path, expect: str | None) -> None:
    """Check that no record was changed, left out, put in or moved; status 1 and where if one was.

    Note the digest that is printed somewhere else: with --expect it shows that the log was not cut off or written anew.
    """
    from algotrade.errors import DataError  # noqa: PLC0415
    from algotrade.inference.audit_trail import verify as verify_log  # noqa: PLC0415

    with plain_errors():
        found = verify_log(folder, expect)
        for place in found.torn:
            click.echo(f"{place} is no record, as a crash in the middle of a write leaves it.", err=True)
        if not found.intact:
            raise DataError(f"The audit log is not as it was written: {found.breach}. {found.records} records before.")
    if found.first is None or found.last is None:
        click.echo(f"{folder}: no records.")
        return
    click.echo(
        f"intact: records {found.first.seq} to {found.last.seq}, {found.first.time} to {found.last.time}\n"
        f"digest: {found.last.digest}"
    )


@audit_log.command()
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many.")
@click.option("--before", type=click.IntRange(1), default=None, help="Number of the oldest that is known already.")
@click.pass_obj
def show(folder: Path, limit: int, before: int | None) -> None:
    """Print the newest records, the newest first."""
    from algotrade.inference.audit_trail import AuditLog  # noqa: PLC0415

    for record in AuditLog(folder).page(limit, before):
        who = f"{record.caller} ({record.role}, {record.key_id})"
        told = " ".join(each for each in (record.request_id, record.detail) if each)
        click.echo(f"{record.seq} {record.time} {who} {record.action} {record.outcome} {told}".rstrip())
