"""The short way to a prediction: ``POST /predict`` answered before BentoML's own stack of middleware.

Every answer is made by the functions that the FastAPI route calls, so the two cannot differ; what is not plainly a
good question goes on to that route, which explains what is wrong with it.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from pydantic import ValidationError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from algotrade.errors import StoreError
from algotrade.inference.pages import Pages
from algotrade.inference.problems import Refusal
from algotrade.inference.routes import Backend, answer, refusal_of_store, response_of
from algotrade.inference.schemas import PredictRequest
from algotrade.monitoring.metrics import ServiceMetrics
from algotrade.monitoring.stopwatch import stopwatch_of

PATH = "/predict"
_JSON = b"application/json"
# One waits for the store, the others for the first: the store is asked one question at a time.
_THREADS = 4


class PredictLane:
    """An ASGI application that answers well-formed questions itself and passes on everything else.

    The event loop answers what is at hand; a question that may have to wait for the online store is answered by a
    thread, so that it holds up nobody else.

    Parameters
    ----------
    app : ASGIApp
        For everything else.
    backend : callable
        Raises ``NoModel`` as long as there is none.
    metrics : ServiceMetrics
    """

    def __init__(self, app: ASGIApp, backend: Callable[[], Backend], metrics: ServiceMetrics) -> None:
        self._app = app
        self._backend = backend
        self._metrics = metrics
        self._pages = Pages()
        self._threads = ThreadPoolExecutor(_THREADS, "predict")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["path"] != PATH or scope["method"] != "POST" or not _says_json(scope):
            await self._app(scope, receive, send)
            return
        watch = stopwatch_of(scope)
        watch.mark("admit")
        message = await receive()
        question = message.get("body", b"")
        try:
            body = self._pages.answer(question, self._backend().models.current())
            if body is None:
                request = None if message.get("more_body") else _decoded(question)
                watch.mark("decode")
                if request is None:
                    await self._app(scope, _again(message, receive), send)
                    return
                body = await self._answer(request, question)
        except Refusal as refusal:
            await self._refuse(refusal, scope, receive, send)
            return
        except StoreError as error:
            await self._refuse(refusal_of_store(error), scope, receive, send)
            return
        watch.mark("answer")
        headers = [(b"content-length", b"%d" % len(body)), (b"content-type", _JSON)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        watch.mark("send")

    async def _answer(self, request: PredictRequest, question: bytes) -> bytes:
        # Whatever is promoted meanwhile, this request is answered by the model that it has found.
        model = self._backend().models.of(request.version)
        if model.is_at_hand(request):
            known = model.known(request.symbol)
            body = answer(model, request).to_bytes()
            # A thread may have read newer features in between.
            if known is not None and request.version is None and model.known(request.symbol) is known:
                self._pages.keep(question, model, known, body)
            return body
        loop = asyncio.get_running_loop()
        return (await loop.run_in_executor(self._threads, answer, model, request)).to_bytes()

    async def _refuse(self, refusal: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
        self._metrics.refusals.labels(refusal.code).inc()
        await response_of(refusal)(scope, receive, send)


def _says_json(scope: Scope) -> bool:
    for name, value in scope["headers"]:
        if name == b"content-type":
            return bool(value == _JSON or value.partition(b";")[0] == _JSON)
    return False


def _decoded(body: bytes) -> PredictRequest | None:
    """The question in a body, None where it is not one."""
    try:
        return PredictRequest.model_validate_json(body)
    except ValidationError:
        return None


def _again(message: Message, receive: Receive) -> Receive:
    """What gives a message that was received already once more, and then what follows."""
    pending = [message]

    async def replay() -> Message:
        return pending.pop() if pending else await receive()

    return replay
