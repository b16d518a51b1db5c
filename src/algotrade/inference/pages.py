"""Answers that were given a moment ago: to the same question about the same features, only the age is new."""

from dataclasses import dataclass

from algotrade.inference.outlook import Known
from algotrade.inference.predictor import Predictor

_AGE = b'"staleness_seconds":'
_MOST_BYTES = 256
_MOST_PAGES = 1_024


@dataclass(frozen=True, slots=True)
class _Page:
    model: Predictor
    known: Known
    before: bytes
    after: bytes


class Pages:
    """Answers about one symbol by the body of the request, as long as they are the answer.

    An answer holds for the model that gave it and for the features that it was made of, one object each; what the
    champion or the online store replaces by another object is asked anew. Only so many short bodies are remembered.
    """

    def __init__(self) -> None:
        self._pages: dict[bytes, _Page] = {}

    def answer(self, body: bytes, champion: Predictor) -> bytes | None:
        """The answer to a body that was answered before; None where it has to be found out."""
        page = self._pages.get(body)
        if page is None or page.model is not champion:
            return None
        age = champion.repeat(page.known)
        # The same digits that the document has: the shortest that mean the number.
        return None if age is None else page.before + repr(age).encode() + page.after

    def keep(self, body: bytes, model: Predictor, known: Known, answer: bytes) -> None:
        """Remember the answer to a body that asks the champion about one symbol.

        Parameters
        ----------
        body : bytes
        model : Predictor
        known : Known
            What the answer was made of.
        answer : bytes
            A quotation mark within a text of it is escaped, so the name of the field is found nowhere else.
        """
        if len(body) > _MOST_BYTES:
            return
        if len(self._pages) >= _MOST_PAGES:
            self._pages.clear()
        begin = answer.index(_AGE) + len(_AGE)
        self._pages[body] = _Page(model, known, answer[:begin], answer[answer.index(b",", begin) :])
