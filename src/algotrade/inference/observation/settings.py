"""What the service is told by its environment about logs and traces."""

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ObservationSettings(BaseSettings):
    """Settings of what is to be seen of the service, each from an environment variable ``ALGOTRADE_<NAME>``.

    Attributes
    ----------
    log_requests : {"all", "failed", "none"}
        Requests of which a line is written; ``failed`` are those answered with 400 and above.
    traces : str, optional
        URL of a collector that takes OTLP over HTTP, such as ``http://127.0.0.1:4318/v1/traces``; no traces without.
    trace_share : float in [0, 1]
        Of the requests whose client has not decided itself, as ``traceparent`` says.
    """

    model_config = SettingsConfigDict(env_prefix="ALGOTRADE_", frozen=True, extra="forbid")

    log_requests: Literal["all", "failed", "none"] = "all"
    traces: str | None = None
    trace_share: float = Field(default=0.01, ge=0, le=1)
