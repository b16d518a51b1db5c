"""Who vouches for a model bundle: an Ed25519 signature over the seal of its manifest.

The seal is a digest of the manifest, and the manifest holds the digest of every file, so one signature covers them
all. Keys are given as text, in PEM or as the 32 raw bytes in base64; where they come from is the caller's affair.
"""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from algotrade.errors import BundleRejected, ConfigurationError

SIGNATURE_FILE = "signature.json"
ALGORITHM = "Ed25519"
# What is signed says what it is, so that a signature cannot be carried over from another use of the key.
_PURPOSE = b"algotrade model bundle, manifest seal "
_KEY_BYTES = 32
_PEM = "-----BEGIN"


@dataclass(frozen=True)
class VerifyKey:
    """The public half: tells whether a bundle was signed with its private half.

    Attributes
    ----------
    raw : bytes of length 32
    """

    raw: bytes

    @classmethod
    def parse(cls, text: str) -> Self:
        """Key of its text.

        Raises
        ------
        ConfigurationError
            If the text is no public Ed25519 key.
        """
        if _PEM not in text:
            return cls(_raw_bytes(text, "public"))
        try:
            key = serialization.load_pem_public_key(_as_pem(text))
        except (ValueError, UnsupportedAlgorithm) as error:
            raise _no_key("public") from error
        if not isinstance(key, Ed25519PublicKey):
            raise _no_key("public")
        return cls(key.public_bytes_raw())

    @property
    def fingerprint(self) -> str:
        """Short name of the key, which is not secret."""
        return hashlib.sha256(self.raw).hexdigest()[:16]

    @property
    def text(self) -> str:
        """The key in base64."""
        return base64.b64encode(self.raw).decode()

    def check(self, folder: Path, seal: str) -> None:
        """Refuse a bundle whose seal was not signed with the private half of this key.

        Raises
        ------
        BundleRejected
            If the bundle in ``folder`` has no signature, an unreadable one, one of another key, or one of other
            content.
        """
        content = _read_signature(folder)
        if content.get("key") != self.fingerprint:
            raise BundleRejected(
                f"{folder} was signed with the key {content.get('key')!r}; only {self.fingerprint} is trusted. "
                f"{_SIGN_IT}"
            )
        try:
            signature = base64.b64decode(str(content.get("signature")), validate=True)
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, _message(seal))
        except (ValueError, InvalidSignature) as error:
            raise BundleRejected(
                f"{folder}: the signature does not fit the bundle, which was changed after it was signed or was not "
                f"signed with the key {self.fingerprint}. Fetch the bundle again. {_SIGN_IT}"
            ) from error


@dataclass(frozen=True)
class SigningKey:
    """The private half: signs bundles; it does not show in its representation.

    Attributes
    ----------
    raw : bytes of length 32
    """

    raw: bytes = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Key of its text.

        Raises
        ------
        ConfigurationError
            If the text, which is not repeated in the message, is no private Ed25519 key.
        """
        if _PEM not in text:
            return cls(_raw_bytes(text, "private"))
        try:
            key = serialization.load_pem_private_key(_as_pem(text), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            # Nothing of the text may show in a traceback.
            raise _no_key("private") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise _no_key("private")
        return cls(key.private_bytes_raw())

    @classmethod
    def generate(cls) -> Self:
        """Make a new key from the system's randomness."""
        return cls(Ed25519PrivateKey.generate().private_bytes_raw())

    @property
    def verify_key(self) -> VerifyKey:
        """The public half."""
        return VerifyKey(Ed25519PrivateKey.from_private_bytes(self.raw).public_key().public_bytes_raw())

    @property
    def text(self) -> str:
        """The key in base64: a secret."""
        return base64.b64encode(self.raw).decode()

    def sign(self, folder: Path, seal: str) -> None:
        """Write the signature of a seal into the folder of its bundle."""
        signature = Ed25519PrivateKey.from_private_bytes(self.raw).sign(_message(seal))
        content = {
            "algorithm": ALGORITHM,
            "key": self.verify_key.fingerprint,
            "signature": base64.b64encode(signature).decode(),
        }
        draft = folder.parent / f".{folder.name}.{SIGNATURE_FILE}"
        draft.write_text(json.dumps(content, indent=1) + "\n")
        draft.replace(folder / SIGNATURE_FILE)


_SIGN_IT = "Sign it with `algotrade keys sign`, or train the model again where ALGOTRADE_SIGNING_KEY is set."


def _message(seal: str) -> bytes:
    return _PURPOSE + seal.encode()


def _read_signature(folder: Path) -> dict[str, Any]:
    path = folder / SIGNATURE_FILE
    if not path.is_file():
        raise BundleRejected(f"{folder} is not signed, and only signed bundles are accepted here. {_SIGN_IT}")
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise BundleRejected(f"{path} cannot be read as a signature ({error}). {_SIGN_IT}") from error
    if not isinstance(content, dict) or content.get("algorithm") != ALGORITHM:
        raise BundleRejected(f"{path} holds no {ALGORITHM} signature. {_SIGN_IT}")
    return content


def _as_pem(text: str) -> bytes:
    # An environment variable often has its line ends written out.
    return text.replace("\\n", "\n").strip().encode()


def _raw_bytes(text: str, half: str) -> bytes:
    try:
        raw = base64.b64decode(text.strip(), validate=True)
    except ValueError:
        raise _no_key(half) from None
    if len(raw) != _KEY_BYTES:
        raise _no_key(half)
    return raw


def _no_key(half: str) -> ConfigurationError:
    name = {"private": "ALGOTRADE_SIGNING_KEY", "public": "ALGOTRADE_VERIFY_KEY"}[half]
    return ConfigurationError(
        f"The key given for model bundles (as {name}) is no {half} {ALGORITHM} key; accepted is PEM text, or the 32 "
        "raw bytes in base64. Make a pair with `algotrade keys new`."
    )
