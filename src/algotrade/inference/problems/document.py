"""The document that every refusal is answered with (RFC 9457), on the server and read back by the client."""

from collections.abc import Mapping
from http import HTTPStatus

from pydantic import BaseModel, ConfigDict

from algotrade.errors import AlgotradeError

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:algotrade:problem:"


class Problem(BaseModel):
    """What every answer that is not a success says.

    Attributes
    ----------
    type : str
        URI of the kind of problem, ``urn:algotrade:problem:<code>``.
    title : str
        The status in words.
    status : int
        The HTTP status.
    detail : str
        What is wrong with this request and what to do.
    code : str
        The kind of problem, for programs.
    """

    model_config = ConfigDict(frozen=True)

    type: str
    title: str
    status: int
    detail: str
    code: str

    def to_bytes(self) -> bytes:
        """The document as it is sent, always the same for the same problem."""
        return self.model_dump_json().encode()


class Refusal(AlgotradeError):
    """A request that is not answered as asked; a subclass for each code, the same one on both sides of the wire.

    Parameters
    ----------
    detail : str
        What is wrong with this request and what to do; it is sent, so it holds no secret.
    headers : mapping, optional
        To be sent with it, such as ``Retry-After``; of an answer that the client has read, all that came.

    Attributes
    ----------
    status : HTTPStatus
    code : str
        Never changes its meaning.
    remedy : str
        What a client does about it.
    retryable : bool
        Whether the same request may succeed a moment later.
    """

    status: HTTPStatus = HTTPStatus.SERVICE_UNAVAILABLE
    code: str = "unavailable"
    remedy: str = "Read `detail`."
    retryable: bool = False

    def __init__(self, detail: str, headers: Mapping[str, str] | None = None) -> None:
        # What a client has sent may be in it, and need not be text.
        super().__init__(detail.encode("utf-8", "backslashreplace").decode())
        self.headers = {name.lower(): value for name, value in (headers or {}).items()}

    @property
    def detail(self) -> str:
        """What is wrong with this request and what to do."""
        return str(self)

    @property
    def problem(self) -> Problem:
        """The document to answer with."""
        return Problem(
            type=TYPE_PREFIX + self.code,
            title=self.status.phrase,
            status=self.status,
            detail=self.detail,
            code=self.code,
        )
