"""What can go wrong when the service is asked.

::

    AlgotradeError
    ├── Refusal                one class a problem code: the very class that the service refused with
    │   └── UnfamiliarProblem  a code that this version of the client does not know
    ├── ServiceUnreachable     no answer: nobody listens, or it took too long
    └── UnreadableAnswer       an answer, but not that of the service
"""

from collections.abc import Mapping
from http import HTTPStatus

import httpx
from pydantic import ValidationError

from algotrade.errors import AlgotradeError
from algotrade.inference.problems import MEDIA_TYPE, PROBLEMS, Problem, Refusal

REQUEST_ID = "x-request-id"
_BEHIND_A_PROXY = {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}


class ServiceUnreachable(AlgotradeError):
    """Nobody answered in time; asking again later may work."""


class UnreadableAnswer(AlgotradeError):
    """Somebody answered, but not as the service does.

    Attributes
    ----------
    status : int
    retryable : bool
        Whether a server in between says that the service will be back.
    """

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status
        self.retryable = status in _BEHIND_A_PROXY


class UnfamiliarProblem(Refusal):
    """The service refused with a code that this version of the client does not know."""

    def __init__(self, problem: Problem, headers: Mapping[str, str]) -> None:
        super().__init__(problem.detail, headers)
        self.status = HTTPStatus(problem.status)
        self.code = problem.code
        self.retryable = "retry-after" in self.headers


def error_of(response: httpx.Response) -> Refusal | UnreadableAnswer:
    """The error that an answer stands for which is not a success."""
    kind = response.headers.get("content-type", "").partition(";")[0].strip()
    try:
        problem = Problem.model_validate_json(response.content) if kind == MEDIA_TYPE else None
        known = None if problem is None else PROBLEMS.get(problem.code)
        if problem is not None:
            return (
                UnfamiliarProblem(problem, response.headers)
                if known is None
                else known(problem.detail, response.headers)
            )
    except (ValidationError, ValueError):
        pass
    return UnreadableAnswer(
        f"{response.request.url} answered {response.status_code} with {kind or 'no'} content instead of a problem "
        "document, as if it were another service. Check the URL, and what stands between.",
        response.status_code,
    )
