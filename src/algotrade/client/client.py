"""The client of the prediction service."""

import os
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote
from uuid import uuid4

import httpx
from pydantic import BaseModel, ValidationError

from algotrade.client.errors import REQUEST_ID, ServiceUnreachable, UnreadableAnswer, error_of
from algotrade.client.patience import Patience
from algotrade.inference.schemas import (
    AuditEntry,
    AuditPage,
    Health,
    ListedModel,
    ModelDetail,
    ModelsResponse,
    PredictResponse,
    SwitchResponse,
)

KEY_VARIABLE = "ALGOTRADE_API_KEY"
_Answer = TypeVar("_Answer", bound=BaseModel)
Features = Mapping[str, float] | Sequence[Sequence[float]]


class PredictionClient:
    """Asks the prediction service and reads its answers as the types that it writes them from.

    A problem is raised as the class of its code (:mod:`algotrade.inference.problems`). What changes nothing is asked
    again where that may help; connections are kept, and the client may be shared by threads.

    Parameters
    ----------
    url : str
        Of the service.
    key : str, optional
        API key or token; ``ALGOTRADE_API_KEY`` by default, none on a machine of one's own.
    patience : Patience, optional
        Timeouts and attempts.
    transport : httpx.BaseTransport, optional
        What carries the requests, such as an application in the same process.
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:3000",
        *,
        key: str | None = None,
        patience: Patience | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._patience = patience or Patience()
        shown = key or os.environ.get(KEY_VARIABLE)
        self._http = httpx.Client(
            base_url=url,
            headers={"authorization": f"Bearer {shown}"} if shown else None,
            timeout=self._patience.timeout_seconds,
            transport=transport,
        )

    def predict(self, *symbols: str, **conditions: str) -> PredictResponse:
        """Predictions for symbols from their newest online features, in the order asked; for all where none is named.

        Parameters
        ----------
        *symbols : str
            Such as ``BTC/USDT``.
        **conditions : str
            ``timeframe``, ``version`` and ``feature_fingerprint`` that the model has to have.

        Raises
        ------
        Refusal
            The class of the problem's code, such as ``UnknownSymbol`` or ``StaleFeatures``.
        ServiceUnreachable, UnreadableAnswer
        """
        asked = {"symbols": list(symbols)} if symbols else {}
        return self._ask(PredictResponse, "POST", "/predict", json={**asked, **conditions})

    def predict_from(self, features: Features, **conditions: str) -> PredictResponse:
        """Prediction from features of one's own: numbers by name, or ``history`` rows in the order of the model's.

        Raises
        ------
        Refusal
            Such as ``UnfitFeatures`` or ``WrongFingerprint``.
        ServiceUnreachable, UnreadableAnswer
        """
        given = dict(features) if isinstance(features, Mapping) else [list(row) for row in features]
        return self._ask(PredictResponse, "POST", "/predict", json={"features": given, **conditions})

    def health(self) -> Health:
        """Whether the service answers, and what is degraded."""
        return self._ask(Health, "GET", "/health")

    def models(self) -> tuple[ListedModel, ...]:
        """The champion first, then what else there is."""
        return self._ask(ModelsResponse, "GET", "/models").models

    def model(self, name: str = "champion") -> ModelDetail:
        """All about a model, by its version or name, with its card."""
        return self._ask(ModelDetail, "GET", "/models/" + quote(name, safe=""))

    def metrics(self) -> str:
        """The service's metrics in Prometheus' text format."""
        return self._again("GET", "/metrics").text

    def reload(self) -> SwitchResponse:
        """Have the champion served that is on disk now; asked once."""
        return _read(SwitchResponse, self._once("POST", "/admin/reload"))

    def rollback(self) -> SwitchResponse:
        """Have the champion before the present one served; asked once."""
        return _read(SwitchResponse, self._once("POST", "/admin/rollback"))

    def audit(self, before: int | None = None, page: int = 100) -> Iterator[AuditEntry]:
        """Entries of the audit log, the newest first, page by page as they are needed."""
        while True:
            asked = {"limit": page} if before is None else {"limit": page, "before": before}
            found = self._ask(AuditPage, "GET", "/audit", params=asked)
            yield from found.entries
            before = found.next_before
            if before is None:
                return

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        # The key stays out of logs and notebooks.
        return f"PredictionClient({str(self._http.base_url)!r})"

    def _ask(self, kind: type[_Answer], method: str, path: str, **content: Any) -> _Answer:
        return _read(kind, self._again(method, path, **content))

    def _again(self, method: str, path: str, **content: Any) -> httpx.Response:
        """Answer of a request that may be made again, under one id for all attempts."""
        headers = {REQUEST_ID: uuid4().hex}
        return self._patience.retrying()(self._once, method, path, headers=headers, **content)

    def _once(self, method: str, path: str, **content: Any) -> httpx.Response:
        try:
            response = self._http.request(method, path, **content)
        except httpx.TransportError as error:
            raise ServiceUnreachable(
                f"{self._http.base_url} does not answer ({type(error).__name__}: {error}). Start it with `make serve`, "
                "or name another URL."
            ) from error
        if response.is_success:
            return response
        raise error_of(response)


def _read(kind: type[_Answer], response: httpx.Response) -> _Answer:
    try:
        return kind.model_validate_json(response.content)
    except ValidationError as error:
        raise UnreadableAnswer(
            f"{response.request.url} answered what is no {kind.__name__}: {error.errors()[0]['msg']}. "
            "Check the URL; client and service should be of one version.",
            response.status_code,
        ) from error
