"""Every kind of refusal of the service: its code, its status, what it means and what to do about it.

The first sentence of each class is what the documentation says of its code.
"""

from http import HTTPStatus

from algotrade.inference.problems.document import Refusal


class InvalidJson(Refusal):
    """The body is not JSON."""

    status = HTTPStatus.BAD_REQUEST
    code = "invalid_json"
    remedy = "Correct the body; `detail` says where it ends to be JSON."


class Unauthorized(Refusal):
    """The request names no caller, or one that is not known: the key or token is missing, wrong, expired or revoked."""

    status = HTTPStatus.UNAUTHORIZED
    code = "unauthorized"
    remedy = "Send a valid key as `X-API-Key` or `Authorization: Bearer`."


class Forbidden(Refusal):
    """The caller is known, but its role may not do this."""

    status = HTTPStatus.FORBIDDEN
    code = "forbidden"
    remedy = "Ask with a key of a role that may; `detail` names them."


class NotFound(Refusal):
    """There is nothing at this path."""

    status = HTTPStatus.NOT_FOUND
    code = "not_found"
    remedy = "`/docs` lists the paths."


class UnknownSymbol(Refusal):
    """The model does not know the instrument."""

    status = HTTPStatus.NOT_FOUND
    code = "unknown_symbol"
    remedy = "Ask for a symbol that `GET /models` lists."


class UnknownTimeframe(Refusal):
    """The model that would answer predicts on candles of another timeframe."""

    status = HTTPStatus.NOT_FOUND
    code = "unknown_timeframe"
    remedy = "Leave `timeframe` out, or name the `version` of a model of that timeframe."


class UnknownModel(Refusal):
    """No model of this name or version is there."""

    status = HTTPStatus.NOT_FOUND
    code = "unknown_model"
    remedy = "`GET /models` lists them."


class MethodNotAllowed(Refusal):
    """The path exists, but not with this method."""

    status = HTTPStatus.METHOD_NOT_ALLOWED
    code = "method_not_allowed"
    remedy = "Use the method that the header `Allow` names."


class RequestTimeout(Refusal):
    """The request was not complete, or not answered, within the time limit."""

    status = HTTPStatus.REQUEST_TIMEOUT
    code = "request_timeout"
    remedy = "Send the whole body at once; ask for fewer symbols."
    retryable = True


class WrongFingerprint(Refusal):
    """The request was built for another feature set than the model's."""

    status = HTTPStatus.CONFLICT
    code = "wrong_fingerprint"
    remedy = "Compute the features anew for the fingerprint that `GET /models` shows."


class NoPreviousModel(Refusal):
    """There is no earlier champion to go back to."""

    status = HTTPStatus.CONFLICT
    code = "no_previous_model"
    remedy = "Promote a version with `algotrade models promote`."


class ModelRefused(Refusal):
    """The model on disk was changed or cannot be loaded, so the one in memory stays."""

    status = HTTPStatus.CONFLICT
    code = "model_refused"
    remedy = "Train or fetch the bundle again; until then the served model stays as it is."


class BodyTooLarge(Refusal):
    """The body is larger than the service reads."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "body_too_large"
    remedy = "Split the request; `detail` names the limit."


class NotJson(Refusal):
    """The body is not sent as JSON."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    code = "not_json"
    remedy = "Send `content-type: application/json`."


class InvalidRequest(Refusal):
    """A field is missing, of the wrong type or out of its range."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "invalid_request"
    remedy = "Correct the fields that `detail` names."


class UnknownField(Refusal):
    """The request has a field or query parameter that does not exist."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "unknown_field"
    remedy = "Remove or respell the fields that `detail` names."


class NotFinite(Refusal):
    """A number is NaN or infinite."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "not_finite"
    remedy = "Send finite numbers; a model that can do without a feature takes it from the online store."


class UnfitFeatures(Refusal):
    """The features in the request are not those of the model: another shape or other names."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "unfit_features"
    remedy = "Send `history` rows of the features that `GET /models` lists, in that order."


class RateLimited(Refusal):
    """The caller has asked more often than its limit allows."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "rate_limited"
    remedy = "Wait as long as `Retry-After` says."
    retryable = True


class Internal(Refusal):
    """The service failed; its log says why."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    code = "internal"
    remedy = "Report it with the `X-Request-ID` of the answer."


class FeaturesNotOnline(Refusal):
    """Nothing, or not enough history, is published for the instrument yet."""

    code = "features_not_online"
    remedy = "Publish features with `kedro run` or `algotrade stream`."


class StaleFeatures(Refusal):
    """The newest features of the instrument are older than the service accepts."""

    code = "stale_features"
    remedy = "Keep features fresh with `algotrade stream`."


class ForeignOnlineFeatures(Refusal):
    """The online features were made by another feature set than the model's."""

    code = "foreign_features"
    remedy = "Publish features of the model's feature set, or promote a model of the present one."


class OnlineStoreUnavailable(Refusal):
    """The online store does not answer, and no features are known that are fresh enough."""

    code = "online_store_unavailable"
    remedy = "Ask again as `Retry-After` says; features in the request are always answered."
    retryable = True


class OnlineStoreUnusable(Refusal):
    """The online store answers what cannot be read."""

    code = "online_store_unusable"
    remedy = "Fill it again with `kedro run`."


class NoModel(Refusal):
    """No model is loaded yet."""

    code = "no_model"
    remedy = "Wait for `ready` in `GET /health`."
    retryable = True


class Overloaded(Refusal):
    """More requests are under way than the service takes at a time."""

    code = "overloaded"
    remedy = "Wait as long as `Retry-After` says."
    retryable = True


class AuditUnavailable(Refusal):
    """The audit log cannot be written, and nothing is done that would not be in it."""

    code = "audit_unavailable"
    remedy = "Give the log's disk room again."
    retryable = True


PROBLEMS: dict[str, type[Refusal]] = {
    kind.code: kind
    for kind in sorted(
        (each for each in list(globals().values()) if isinstance(each, type) and issubclass(each, Refusal)),
        key=lambda kind: (kind.status, kind.code),
    )
    if kind is not Refusal
}
"""Every code that the service answers with, by status."""
