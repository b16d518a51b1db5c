"""A small typed client of the prediction service.

>>> from algotrade.client import PredictionClient
>>> with PredictionClient("http://127.0.0.1:3000") as service:  # doctest: +SKIP
...     service.predict("BTC/USDT").predictions[0].signal
'long'

It needs neither a model nor the libraries of one, and raises what the service refuses with: the classes of
:mod:`algotrade.inference.problems`.
"""

from algotrade.client.client import KEY_VARIABLE, PredictionClient
from algotrade.client.errors import ServiceUnreachable, UnfamiliarProblem, UnreadableAnswer
from algotrade.client.patience import Patience

__all__ = [
    "KEY_VARIABLE",
    "Patience",
    "PredictionClient",
    "ServiceUnreachable",
    "UnfamiliarProblem",
    "UnreadableAnswer",
]
