"""With a key, only what its owner signed is loaded, and the key itself shows nowhere."""

import base64
import json
import traceback

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.models.provenance import PROVENANCE

from algotrade.errors import BundleRejected, ConfigurationError
from algotrade.models import ModelBundle, SigningKey, VerifyKey, build_model, sign_bundle, write_bundle
from algotrade.models.signature import SIGNATURE_FILE

KEY = SigningKey(bytes(range(32)))
OTHER = SigningKey(bytes(range(1, 33)))


@pytest.fixture
def folder(tmp_path, training):
    write_bundle(tmp_path / "champion", build_model("logistic").fit(training), PROVENANCE, signing_key=KEY)
    return tmp_path / "champion"


def load(folder, key=KEY):
    return ModelBundle.load(folder, verify_key=key.verify_key)


def reseal(folder, **changes):
    """Change the manifest and give it a seal that fits, as anybody can."""
    from algotrade.models.manifest import Manifest

    manifest = Manifest.read(folder)
    manifest.model_copy(update=changes).write(folder)


def test_a_signed_bundle_is_loaded_with_its_key_and_without_any(folder):
    assert load(folder).manifest.horizon == 4
    assert ModelBundle.load(folder).manifest.horizon == 4
    assert [path.name for path in folder.parent.iterdir()] == ["champion"]


def test_the_private_key_is_in_no_file_of_the_bundle(folder):
    for path in folder.rglob("*"):
        if path.is_file():
            assert KEY.raw not in path.read_bytes()
            assert KEY.text.encode() not in path.read_bytes()


def test_a_bundle_that_nobody_signed_is_refused_with_a_key(folder):
    (folder / SIGNATURE_FILE).unlink()
    with pytest.raises(BundleRejected, match="is not signed, and only signed bundles are accepted"):
        load(folder)


def test_another_ones_signature_is_refused(folder):
    with pytest.raises(BundleRejected, match=rf"only {OTHER.verify_key.fingerprint} is trusted"):
        load(folder, OTHER)
    sign_bundle(folder, OTHER)
    with pytest.raises(BundleRejected, match=rf"signed with the key '{OTHER.verify_key.fingerprint}'"):
        load(folder)
    content = json.loads((folder / SIGNATURE_FILE).read_text())
    (folder / SIGNATURE_FILE).write_text(json.dumps(content | {"key": KEY.verify_key.fingerprint}))
    with pytest.raises(BundleRejected, match="signature does not fit the bundle"):
        load(folder)


def test_a_manifest_changed_and_sealed_anew_is_refused_with_a_key_only(folder):
    reseal(folder, horizon=5)
    assert ModelBundle.load(folder).manifest.horizon == 5, "the seal alone says nothing of who made it"
    with pytest.raises(BundleRejected, match="signature does not fit the bundle"):
        load(folder)


def test_files_changed_together_with_their_digests_are_refused(folder):
    from algotrade.models.manifest import file_digests

    path = folder / "model" / "parameters.json"
    path.write_text(path.read_text() + " ")
    reseal(folder, files=file_digests(folder))
    with pytest.raises(BundleRejected, match="signature does not fit the bundle"):
        load(folder)


def test_the_signature_of_another_bundle_is_refused(folder, training):
    other = folder.parent / "other"
    write_bundle(other, build_model("majority").fit(training), PROVENANCE, signing_key=KEY)
    (other / SIGNATURE_FILE).replace(folder / SIGNATURE_FILE)
    with pytest.raises(BundleRejected, match="signature does not fit the bundle"):
        load(folder)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "cannot be read as a signature"),
        ("[]", "holds no Ed25519 signature"),
        ('{"algorithm": "none"}', "holds no Ed25519 signature"),
        ('{"algorithm": "Ed25519"}', "signed with the key None"),
    ],
)
def test_an_unreadable_signature_is_refused(folder, text, said):
    (folder / SIGNATURE_FILE).write_text(text)
    with pytest.raises(BundleRejected, match=said):
        load(folder)


@pytest.mark.parametrize("signature", ["", "AAAA", "not base64", "é"])
def test_a_broken_signature_is_refused(folder, signature):
    content = json.loads((folder / SIGNATURE_FILE).read_text())
    (folder / SIGNATURE_FILE).write_text(json.dumps(content | {"signature": signature}))
    with pytest.raises(BundleRejected, match="signature does not fit"):
        load(folder)


def test_an_older_bundle_can_be_signed_if_it_is_unchanged(tmp_path, training):
    folder = tmp_path / "champion"
    write_bundle(folder, build_model("logistic").fit(training), PROVENANCE)
    sign_bundle(folder, KEY)
    assert load(folder).manifest.model == "logistic"
    (folder / "model" / "parameters.json").write_text("{}")
    with pytest.raises(BundleRejected, match=r"parameters\.json was changed"):
        sign_bundle(folder, KEY)


PEM = serialization.Encoding.PEM
PRIVATE = (
    Ed25519PrivateKey.from_private_bytes(KEY.raw)
    .private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    .decode()
)
PUBLIC = Ed25519PrivateKey.from_private_bytes(KEY.raw).public_key().public_bytes(
    PEM, serialization.PublicFormat.SubjectPublicKeyInfo
).decode()  # fmt: skip


@pytest.mark.parametrize("text", [PRIVATE, PRIVATE.replace("\n", "\\n"), KEY.text, f"  {KEY.text}\n"])
def test_a_private_key_is_read_from_pem_and_base64(text):
    assert SigningKey.parse(text) == KEY


@pytest.mark.parametrize("text", [PUBLIC, PUBLIC.replace("\n", "\\n"), KEY.verify_key.text])
def test_a_public_key_is_read_from_pem_and_base64(text):
    assert VerifyKey.parse(text) == KEY.verify_key


ELLIPTIC = ec.generate_private_key(ec.SECP256R1())
NO_PRIVATE_KEYS = {
    "of another kind": ELLIPTIC.private_bytes(
        PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode(),
    "the public half": PUBLIC,
    "cut": PRIVATE[:60],
    "too short": base64.b64encode(b"secret-material-").decode(),
    "no key": "secret-material",
    "with a password": Ed25519PrivateKey.generate()
    .private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x"))
    .decode(),
}


@pytest.mark.parametrize("text", NO_PRIVATE_KEYS.values(), ids=NO_PRIVATE_KEYS)
def test_what_is_no_private_key_is_refused_without_being_repeated(text):
    with pytest.raises(ConfigurationError, match="is no private Ed25519 key") as caught:
        SigningKey.parse(text)
    shown = "".join(traceback.format_exception(caught.value))
    assert text.strip().splitlines()[-1] not in shown
    assert "secret-material" not in shown


@pytest.mark.parametrize("text", ["no key", PRIVATE, PUBLIC[:50]])
def test_what_is_no_public_key_is_refused(text):
    with pytest.raises(ConfigurationError, match="is no public Ed25519 key"):
        VerifyKey.parse(text)


def test_a_private_key_does_not_show():
    shown = f"{KEY} {KEY!r} {[KEY]}"
    assert KEY.text not in shown
    assert repr(KEY.raw) not in shown
