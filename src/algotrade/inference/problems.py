"""How the service refuses: one document for every error (RFC 9457, ``application/problem+json``)."""

from http import HTTPStatus
from typing import ClassVar

from pydantic import BaseModel, ConfigDict
from starlette.responses import JSONResponse

from algotrade.errors import AlgotradeError

MEDIA_TYPE = "application/problem+json"


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


class Refusal(AlgotradeError):
    """A request that the service understands but cannot answer; a subclass for each status and code."""

    status: ClassVar[HTTPStatus] = HTTPStatus.SERVICE_UNAVAILABLE
    code: ClassVar[str] = "unavailable"


class UnknownSymbol(Refusal):
    """The model does not know the instrument."""

    status = HTTPStatus.NOT_FOUND
    code = "unknown_symbol"


class UnfitFeatures(Refusal):
    """The features in the request are not those of the model."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "unfit_features"


class FeaturesNotOnline(Refusal):
    """Nothing, or not enough history, is published for the instrument yet."""

    code = "features_not_online"


class StaleFeatures(Refusal):
    """The newest features of the instrument are older than the service accepts."""

    code = "stale_features"


def problem_response(status: int, code: str, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """HTTP answer with a :class:`Problem` as its body."""
    problem = Problem(
        type=f"urn:algotrade:problem:{code}", title=HTTPStatus(status).phrase, status=status, detail=detail, code=code
    )
    return JSONResponse(problem.model_dump(), status_code=status, media_type=MEDIA_TYPE, headers=headers)
