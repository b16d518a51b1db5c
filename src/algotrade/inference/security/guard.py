"""Nothing behind the guard is asked before the guard has let the request in, and nothing is done unrecorded."""

import asyncio
import logging
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from algotrade.inference.problems import AuditUnavailable, BodyTooLarge, Internal, RateLimited, Refusal
from algotrade.inference.security.answers import Answer
from algotrade.inference.security.callers import Caller
from algotrade.inference.security.deadlines import Deadlines
from algotrade.inference.security.gatekeeper import Gatekeeper
from algotrade.inference.security.roles import Endpoint, Permission, endpoint_of
from algotrade.inference.security.settings import SecuritySettings

if TYPE_CHECKING:
    # The log knows the callers, and so this package.
    from algotrade.inference.audit_trail import AuditTrail

_PROBE, _ADMINISTER, _TOO_OFTEN = Permission.PROBE, Permission.ADMINISTER, int(RateLimited.status)

logger = logging.getLogger(__name__)


class Guard:
    """The application behind it, for those who may ask it, with bodies of bounded size and answers in bounded time.

    The caller is in ``scope["state"]["caller"]``. What is in ``scope["state"]["request_id"]`` and ``["audit_detail"]``
    goes into the audit log, the latter if the application puts it there.

    Parameters
    ----------
    app : callable
        ASGI application; it receives each body whole, in one message.
    gatekeeper : Gatekeeper
    trail : AuditTrail
    settings : SecuritySettings
    refused : callable
        Told the code of each refusal of the guard's own.
    """

    def __init__(
        self,
        app: ASGIApp,
        gatekeeper: Gatekeeper,
        trail: "AuditTrail",
        settings: SecuritySettings,
        refused: Callable[[str], None],
    ) -> None:
        self._app = app
        self._gatekeeper = gatekeeper
        self._trail = trail
        self._most_bytes = settings.max_body_bytes
        self._seconds = settings.request_seconds
        self._deadlines = Deadlines(settings.request_seconds)
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        if scope["type"] == "http":
            await self._answer(scope, receive, Answer(send, encrypted=scope.get("scheme") == "https"))
        elif scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _answer(self, scope: Scope, receive: Receive, answer: Answer) -> None:
        state = scope.setdefault("state", {})
        endpoint = endpoint_of(scope["path"])
        try:
            if endpoint is None or endpoint.permission is not _PROBE:
                await self._let_in(scope, endpoint, answer)
            await self._deadlines.keep(self._ask(scope, receive, answer))
        except Refusal as refusal:
            await self._refuse(refusal, answer)
        # The outermost handler: what escapes here would leave the client without an answer until a time limit.
        except Exception as error:  # noqa: BLE001
            # Its message may hold what the client has sent.
            logger.error("A request failed: %s at %s", type(error).__name__, _place(error))
            await self._refuse(Internal("The service failed; its log says why."), answer)
        finally:
            caller = state.get("caller")
            if caller is not None and answer.status != _TOO_OFTEN:
                outcome = str(answer.status or "unanswered")
                self._trail.record(caller, _action(scope, endpoint), outcome, *_notes(state))

    async def _let_in(self, scope: Scope, endpoint: Endpoint | None, answer: Answer) -> None:
        """Find out who asks, and that it may; a change of the models is in the log before it is made."""
        client = scope.get("client")
        grant = self._gatekeeper.identify(scope["headers"], client[0] if client else None)
        allowance = self._gatekeeper.allowance(grant)
        answer.add(allowance.headers())
        if self._trail.why_unwritable:
            raise AuditUnavailable(self._trail.why_unwritable, {"retry-after": "1"})
        state = scope["state"]
        state["caller"] = grant.caller
        self._gatekeeper.admit(grant, endpoint, allowance)
        if endpoint is not None and endpoint.permission is _ADMINISTER:
            await self._announce(grant.caller, _action(scope, endpoint), _notes(state)[0])

    async def _announce(self, caller: Caller, action: str, request_id: str) -> None:
        written = asyncio.wrap_future(self._trail.record_durably(caller, action, "begun", request_id))
        try:
            # Shielded: the record stays in line, it is only waited for no longer.
            await asyncio.wait_for(asyncio.shield(written), self._seconds)
        except TimeoutError as error:
            raise AuditUnavailable("The audit log was not written in time, so nothing was done.") from error

    async def _ask(self, scope: Scope, receive: Receive, answer: Answer) -> None:
        body = await _whole_body(receive, self._most_bytes)
        if body is not None:
            await self._app(scope, _once(body, receive), answer.send)

    async def _refuse(self, refusal: Refusal, answer: Answer) -> None:
        if answer.status:
            # The answer has begun: all that is left is to break it off, which the server does on an error.
            raise refusal
        self._refused(refusal.code)
        await answer.refuse(refusal)


async def _whole_body(receive: Receive, most_bytes: int) -> bytes | None:
    """The body; None if the client went away before its end."""
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part, more = message.get("body", b""), message.get("more_body", False)
        size += len(part)
        if size > most_bytes:
            raise BodyTooLarge(f"The body is longer than {most_bytes:,} bytes.")
        parts.append(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _once(body: bytes, receive: Receive) -> Receive:
    """Gives the body in one message; what comes after it is the client's."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _action(scope: Scope, endpoint: Endpoint | None) -> str:
    return f"{scope['method']} {endpoint.path if endpoint is not None else 'other'}"


def _notes(state: dict[str, Any]) -> tuple[str, str]:
    """Request id, and what the application tells about the action."""
    return str(state.get("request_id", "")), str(state.get("audit_detail", ""))


def _place(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "unknown"
