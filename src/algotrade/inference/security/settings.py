"""What the guard of the service is told by its environment."""

from functools import cached_property
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class SecuritySettings(BaseSettings):
    """Settings of the guard, each from an environment variable ``ALGOTRADE_<NAME>``.

    Attributes
    ----------
    data : Path
        Root of the data folder; keys and audit log are below it unless other folders are named.
    access : Path, optional
        Folder of ``keys.json`` and ``jwt_keys.json``; ``access`` below ``data`` by default.
    audit : Path, optional
        Folder of the audit log; ``audit`` below ``data`` by default.
    host : str
        Address that the service listens on.
    rate_limit : float
        Requests per second of a token's subject; keys have limits of their own.
    max_body_bytes : int
        Bytes beyond which a body is not read.
    request_seconds : float
        From the end of the headers until the answer has to have begun.
    jwt_issuer : str
        Who has to have issued a token.
    jwt_audience : str
        Whom it has to be for.
    jwt_max_hours : float
        Hours between issue and expiry of a token, beyond which it is refused.
    """

    model_config = SettingsConfigDict(env_prefix="ALGOTRADE_", frozen=True, extra="forbid")

    data: Path = Path("data")
    access: Path | None = None
    audit: Path | None = None
    host: str = "127.0.0.1"
    rate_limit: float = Field(default=100.0, gt=0, le=1e6)
    max_body_bytes: int = Field(default=1_000_000, ge=1)
    request_seconds: float = Field(default=10.0, gt=0)
    jwt_issuer: str = "algotrade"
    jwt_audience: str = "algotrade"
    jwt_max_hours: float = Field(default=24.0, gt=0)

    @cached_property
    def access_folder(self) -> Path:
        """Folder of the keys, absolute."""
        return (self.access or self.data / "access").absolute()

    @cached_property
    def audit_folder(self) -> Path:
        """Folder of the audit log, absolute."""
        return (self.audit or self.data / "audit").absolute()
