"""Pages of the audit log."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

_MOST_ENTRIES = 1000
_Sequence = Annotated[int, Field(ge=1, le=2**53)]


class AuditQuery(BaseModel):
    """Which entries to show: the newest, or those before one that is known.

    Attributes
    ----------
    before : int, optional
        ``seq`` of the oldest entry that is known already.
    limit : int
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    before: _Sequence | None = None
    limit: Annotated[int, Field(ge=1, le=_MOST_ENTRIES)] = 100


class AuditEntry(BaseModel):
    """One authenticated action, as the log has it.

    Attributes
    ----------
    seq : int
        Counts all entries from 1.
    time : str
        When the action ended, UTC.
    worker : int
        Process that served it.
    caller, role, key_id : str
        Who; never a key.
    action : str
        Method and endpoint, as the contract writes it.
    outcome : str
        Status of the answer; ``begun`` where a change of the models is announced, ``unanswered`` where the client or
        the worker went away.
    request_id : str
        The one that the answer and the service's log name.
    detail : str
    previous, digest : str
        SHA-256 of the line before and of this one: what ties the log together.
    """

    model_config = ConfigDict(frozen=True)

    seq: int
    time: str
    worker: int
    caller: str
    role: str
    key_id: str
    action: str
    outcome: str
    request_id: str
    detail: str
    previous: str
    digest: str


class AuditPage(BaseModel):
    """Entries of the log, the newest first.

    Attributes
    ----------
    entries : list of AuditEntry
    next_before : int or null
        What to ask for the next page with; null on the last one.
    """

    model_config = ConfigDict(frozen=True)

    entries: tuple[AuditEntry, ...]
    next_before: int | None
