"""A token is believed for what its key vouches for; nothing that it says of itself changes how it is verified."""

import asyncio
import base64
import hashlib
import hmac
import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from algotrade.errors import ConfigurationError
from algotrade.inference.problems import Unauthorized
from algotrade.inference.security import Role, SecuritySettings
from algotrade.inference.security.token_keys import TokenKey, read_token_keys
from algotrade.inference.security.tokens import Tokens

from .desk import Desk, bearer, claims, token

PRIVATE = Ed25519PrivateKey.generate()
PUBLIC_PEM = PRIVATE.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)
SECRET = b"s" * 32
KEYS = {
    "a": TokenKey("a", "HS256", SECRET),
    "b": TokenKey("b", "EdDSA", PRIVATE.public_key()),
}


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def by_hand(header: dict, key: bytes = SECRET, **changed: object) -> str:
    """A token that no library would make."""
    signed = f"{text(json.dumps(header).encode())}.{text(json.dumps(claims(**changed)).encode())}"
    return f"{signed}.{text(hmac.digest(key, signed.encode(), hashlib.sha256))}"


@pytest.fixture
def tokens() -> Tokens:
    made = Tokens(SecuritySettings())
    made.trust(KEYS)
    return made


def grant(tokens: Tokens, text: str):
    return tokens.grant(text.encode(), time.time())


@pytest.mark.parametrize(("key", "kid", "algorithm"), [(SECRET, "a", "HS256"), (PRIVATE, "b", "EdDSA")])
@pytest.mark.parametrize("role", list(Role))
def test_a_good_token_names_caller_role_and_key(tokens: Tokens, key, kid: str, algorithm: str, role: Role) -> None:
    found = grant(tokens, token(key, kid, algorithm, role=role, aud=["other", "algotrade"]))
    assert (found.caller.name, found.caller.role, found.caller.key_id) == ("desk", role, kid)


@pytest.mark.parametrize(
    "changed",
    [
        {"exp": int(time.time()) - 1},
        {"exp": None},
        {"exp": "soon"},
        {"exp": float("inf")},
        {"exp": float("nan")},
        {"exp": int(time.time()) + 25 * 3600},
        {"iat": None},
        {"iat": int(time.time()) + 600},
        {"nbf": int(time.time()) + 600},
        {"iss": None},
        {"iss": "somebody"},
        {"iss": ["algotrade"]},
        {"aud": None},
        {"aud": "others"},
        {"aud": []},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "a\nb"},
        {"sub": "x" * 129},
        {"role": None},
        {"role": "root"},
        {"role": "ADMIN"},
        {"role": ["admin"]},
        {"role": {"admin": 1}},
        {"role": 1},
    ],
)
def test_claims_that_are_missing_or_wrong_are_refused(tokens: Tokens, changed: dict) -> None:
    with pytest.raises(Unauthorized):
        grant(tokens, by_hand({"alg": "HS256", "kid": "a"}, **changed))


class TestTheAlgorithmIsThatOfTheKey:
    @pytest.mark.parametrize("name", ["none", "None", "NONE", "", "HS384", "HS512", "EdDSA", "RS256", None, 1])
    def test_whatever_the_token_says(self, tokens: Tokens, name: object) -> None:
        with pytest.raises(Unauthorized):
            grant(tokens, by_hand({"alg": name, "kid": "a"}))

    def test_none_is_no_algorithm(self, tokens: Tokens) -> None:
        unsigned = jwt.encode(claims(), None, algorithm="none", headers={"kid": "a"})
        with pytest.raises(Unauthorized):
            grant(tokens, unsigned)

    @pytest.mark.parametrize(
        "secret", [PUBLIC_PEM, PRIVATE.public_key().public_bytes_raw(), b""], ids=["pem", "raw", "empty"]
    )
    def test_a_public_key_is_no_shared_secret(self, tokens: Tokens, secret: bytes) -> None:
        with pytest.raises(Unauthorized):
            grant(tokens, by_hand({"alg": "HS256", "kid": "b"}, secret))

    def test_a_key_in_the_token_does_not_count(self, tokens: Tokens) -> None:
        mine = Ed25519PrivateKey.generate()
        jwk = {"kty": "OKP", "crv": "Ed25519", "x": text(mine.public_key().public_bytes_raw())}
        forged = jwt.encode(claims(), mine, algorithm="EdDSA", headers={"kid": "b", "jwk": jwk, "jku": "http://x/"})
        with pytest.raises(Unauthorized):
            grant(tokens, forged)

    @pytest.mark.parametrize("kid", ["c", "", None, 1, ["a"], {"a": 1}, "../a", "a\0"])
    def test_the_key_has_to_be_known(self, tokens: Tokens, kid: object) -> None:
        with pytest.raises(Unauthorized):
            grant(tokens, by_hand({"alg": "HS256", "kid": kid}))


def test_a_token_is_verified_once_and_forgotten_when_it_expires_or_the_keys_change(tokens: Tokens, monkeypatch) -> None:
    counted = []
    decode = jwt.decode
    monkeypatch.setattr(jwt, "decode", lambda *a, **k: counted.append(1) or decode(*a, **k))
    good = token(SECRET).encode()
    now = time.time()
    assert tokens.grant(good, now) is tokens.grant(good, now + 599)
    assert len(counted) == 1
    with pytest.raises(Unauthorized, match="expired"):
        tokens.grant(good, now + 601)
    tokens.grant(good, now)
    tokens.trust({"b": KEYS["b"]})
    with pytest.raises(Unauthorized):
        tokens.grant(good, now)


def test_what_is_remembered_is_bounded_and_holds_no_token(tokens: Tokens, monkeypatch) -> None:
    monkeypatch.setattr("algotrade.inference.security.tokens._MOST_REMEMBERED", 5)
    made = [token(SECRET, sub=f"desk {number}") for number in range(20)]
    for each in made:
        grant(tokens, each)
    assert len(tokens._verified) == 5
    assert not any(each in repr(tokens._verified) for each in made)


@given(st.text(alphabet='eyJ.-_=AZaz09{}"\0é', max_size=200) | st.binary(max_size=60).map(lambda raw: text(raw) + ".."))
def test_no_text_is_a_token_or_breaks_the_verifier(text: str) -> None:
    verifier = Tokens(SecuritySettings())
    verifier.trust(KEYS)
    with pytest.raises(Unauthorized):
        verifier.grant(text.encode("utf-8"), time.time())


@given(st.data())
def test_no_changed_byte_is_overlooked(data: st.DataObject) -> None:
    verifier = Tokens(SecuritySettings())
    verifier.trust(KEYS)
    good = bytearray(token(PRIVATE, "b", "EdDSA").encode())
    place = data.draw(st.integers(0, len(good) - 2))
    changed = data.draw(st.integers(0, 255).filter(lambda byte: byte != good[place]))
    good[place] = changed
    with pytest.raises(Unauthorized):
        verifier.grant(bytes(good), time.time())


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(["sub", "role", "iss", "aud", "iat", "exp", "nbf", "jti"]), json_values)
def test_any_value_of_a_claim_is_answered_or_refused(name: str, value: object) -> None:
    verifier = Tokens(SecuritySettings())
    verifier.trust(KEYS)
    try:
        found = grant(verifier, by_hand({"alg": "HS256", "kid": "a"}, **{name: value}))
    except Unauthorized:
        return
    assert found.caller.role in Role


@pytest.mark.parametrize("nested", ["[" * 2000, '{"a":' * 500, "9" * 2500])
def test_a_token_of_deep_or_long_json_is_refused(tokens: Tokens, nested: str) -> None:
    for made in (f"{text(nested.encode())}.e30.e30", by_hand({"alg": "HS256", "kid": "a"}, sub=nested), "a" * 10_000):
        with pytest.raises(Unauthorized):
            grant(tokens, made)


class TestTokenKeys:
    def test_follow_one_another_while_the_service_runs(self, desk: Desk) -> None:
        old = base64.urlsafe_b64decode(desk.token_keys.share("old").get_secret_value() + "=")
        desk.open()

        async def status(made: str) -> int:
            await asyncio.sleep(0.3)
            async with desk.client() as client:
                return (await client.post("/predict", headers=bearer(made))).status_code

        first, second = token(old, "old"), token(PRIVATE, "new", "EdDSA")
        assert asyncio.run(status(first)) == 200
        assert asyncio.run(status(second)) == 401
        desk.token_keys.trust("new", PUBLIC_PEM)
        assert asyncio.run(status(first)) == 200
        assert asyncio.run(status(second)) == 200
        desk.token_keys.distrust("old")
        assert asyncio.run(status(first)) == 401
        assert asyncio.run(status(second)) == 200

    def test_of_another_kind_are_refused(self, desk: Desk) -> None:
        from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

        other = generate_private_key(SECP256R1()).public_key()
        pem = other.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        for wrong in (b"", b"nonsense", pem):
            with pytest.raises(ConfigurationError, match="no public Ed25519 key"):
                desk.token_keys.trust("a", wrong)
        desk.token_keys.share("a")
        with pytest.raises(ConfigurationError, match="already"):
            desk.token_keys.share("a")
        with pytest.raises(ConfigurationError, match="takes letters"):
            desk.token_keys.share("../a")
        with pytest.raises(ConfigurationError, match="no token key"):
            desk.token_keys.distrust("b")

    @pytest.mark.parametrize(
        ("keys", "words"),
        [
            ([{"kid": "a", "alg": "HS256", "kty": "oct", "k": text(b"short")}], "at least 32"),
            ([{"kid": "a", "alg": "none", "kty": "oct", "k": text(SECRET)}], "alg of HS256, EdDSA"),
            ([{"kid": "", "alg": "HS256", "kty": "oct", "k": text(SECRET)}], "needs a kid"),
            ([{"kid": "a", "alg": "HS256", "kty": "oct", "k": text(SECRET)}] * 2, "two keys of one kid"),
            ([{"kid": "a", "alg": "EdDSA", "kty": "oct", "k": text(SECRET)}], "jwt_keys.json"),
            ([{"kid": "a", "alg": "EdDSA", "kty": "OKP", "crv": "Ed25519", "x": "aa", "d": "secret"}], "private one"),
            ([{}], "KeyError"),
            (3, "TypeError"),
        ],
    )
    def test_that_are_not_accepted_are_named_but_not_told(self, desk: Desk, keys: object, words: str) -> None:
        desk.token_keys.folder.mkdir()
        desk.token_keys.path.write_text(json.dumps({"keys": keys}))
        with pytest.raises(ConfigurationError, match=words) as error:
            read_token_keys(desk.token_keys.path)
        assert text(SECRET) not in str(error.value)
