"""The service over HTTP: ``app`` has the routes, ``answering`` what they and the fast lane say, ``errors`` the rest."""

from algotrade.inference.routes.answering import answer, name_of
from algotrade.inference.routes.app import create_app
from algotrade.inference.routes.counting import ROUTES
from algotrade.inference.routes.errors import refusal_of_store, refusal_of_validation, response_of
from algotrade.inference.routes.ports import Backend, Models

__all__ = [
    "ROUTES",
    "Backend",
    "Models",
    "answer",
    "create_app",
    "name_of",
    "refusal_of_store",
    "refusal_of_validation",
    "response_of",
]
