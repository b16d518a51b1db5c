"""The models that answer: several versions side by side, of which one reigns, exchanged without a pause.

``shelf`` knows where bundles lie, ``served`` holds those that are loaded, ``watch`` notices a promotion.
"""

from algotrade.inference.models.served import Served, ServedModels
from algotrade.inference.models.shelf import Shelf
from algotrade.inference.models.watch import Watch
from algotrade.inference.schemas import Role

__all__ = ["Role", "Served", "ServedModels", "Shelf", "Watch"]
