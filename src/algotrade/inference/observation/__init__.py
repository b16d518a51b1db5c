"""What is to be seen of the service.

``observed`` sees each request, ``ledger`` counts and writes it down, ``observatory`` is both for one worker.
"""

from algotrade.inference.observation.ledger import Ledger
from algotrade.inference.observation.observatory import Observatory
from algotrade.inference.observation.observed import Observed
from algotrade.inference.observation.settings import ObservationSettings

__all__ = ["Ledger", "ObservationSettings", "Observatory", "Observed"]
