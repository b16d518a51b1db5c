"""What every answer carries, whoever gives it."""

from collections.abc import Iterable

from starlette.types import Message, Send

from algotrade.inference.problems import MEDIA_TYPE, Refusal

POLICY = b"content-security-policy"
SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
"""For every answer. A policy for content is added unless the page has brought its own."""
STRICT_POLICY = (POLICY, b"default-src 'none'; frame-ancestors 'none'")
ONLY_TLS = (b"strict-transport-security", b"max-age=31536000")


class Answer:
    """Sends an answer with the headers of all answers, and remembers how it turned out.

    Parameters
    ----------
    send : callable
        ASGI's.
    encrypted : bool
        Whether the client came by HTTPS.

    Attributes
    ----------
    status : int
        0 until the answer has begun.
    """

    __slots__ = ("_extra", "_send", "status")

    def __init__(self, send: Send, *, encrypted: bool = False) -> None:
        self._send = send
        self._extra = [*SECURITY_HEADERS, ONLY_TLS] if encrypted else list(SECURITY_HEADERS)
        self.status = 0

    def add(self, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """Have the answer carry these, too."""
        self._extra.extend(headers)

    async def send(self, message: Message) -> None:
        """Pass a message of the application on, with all headers where it begins the answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [*message.get("headers", ()), *self._extra]
            for name, _ in headers:
                if name == POLICY:
                    break
            else:
                headers.append(STRICT_POLICY)
            message = {"type": "http.response.start", "status": self.status, "headers": headers}
        await self._send(message)

    async def refuse(self, refusal: Refusal) -> None:
        """Answer with the document of a refusal."""
        body = refusal.problem.to_bytes()
        headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", b"%d" % len(body))]
        headers += [(name.encode(), value.encode("latin-1")) for name, value in refusal.headers.items()]
        await self.send({"type": "http.response.start", "status": int(refusal.status), "headers": headers})
        await self.send({"type": "http.response.body", "body": body})
