"""The keys that model bundles are signed and checked with, as the environment or a caller tells them."""

from typing import Any

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from algotrade.models.signature import SigningKey, VerifyKey


class BundleKeys(BaseSettings):
    """Both halves, each from an environment variable ``ALGOTRADE_<NAME>`` unless it is given; either may be missing.

    Attributes
    ----------
    signing_key : SecretStr, optional
        The private half: bundles are signed when they are written.
    verify_key : str, optional
        The public half: only bundles that were signed with its private half are loaded.
    """

    model_config = SettingsConfigDict(env_prefix="ALGOTRADE_", frozen=True, extra="forbid")

    signing_key: SecretStr | None = None
    verify_key: str | None = None

    @classmethod
    def of(cls, given: dict[str, Any] | None) -> "BundleKeys":
        """Keys of a section of the credentials; what it leaves out or empty comes from the environment."""
        return cls(**{name: value for name, value in (given or {}).items() if value})

    @property
    def signing(self) -> SigningKey | None:
        """The private half, if there is one.

        Raises
        ------
        ConfigurationError
            If it cannot be read as a key.
        """
        text = self.signing_key.get_secret_value() if self.signing_key else ""
        return SigningKey.parse(text) if text else None

    @property
    def verifying(self) -> VerifyKey | None:
        """The public half, if there is one.

        Raises
        ------
        ConfigurationError
            If it cannot be read as a key.
        """
        return VerifyKey.parse(self.verify_key) if self.verify_key else None
