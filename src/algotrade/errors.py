"""Every error that algotrade raises on purpose.

::

    AlgotradeError
    ├── ConfigurationError          a name, key or value in the configuration is not accepted
    ├── DataError                   the candles cannot be used as they are
    │   ├── BadCandles              they break the candle contract
    │   ├── ConflictingCandles      two sources disagree about the same candle
    │   ├── NoCandles               nothing to read
    │   ├── TooFewCandles           not enough history for what was asked
    │   └── UnknownFormat           no importer recognises the file
    ├── FeatureError                a feature or feature set cannot be computed or matched
    ├── ModelError                  a model cannot be fitted, saved or loaded
    │   ├── BundleRejected          a bundle was changed, or belongs to other features
    │   └── NoChampion              there is no model that has passed the gate
    ├── StrategyError               a strategy broke its contract
    ├── BacktestError               a simulation cannot be accounted for
    ├── LookAheadFound              the audit found something that sees the future, or breaks another law
    ├── RegistryError               the model registry cannot be used, or does not know the version
    ├── StoreError                  the candle store or the online store cannot be used
    └── VenueError                  an exchange refused or failed
        └── VenueUnavailable        it may work later; the only retryable error

Messages say what is wrong, what was found, what is accepted and what to do.
"""


class AlgotradeError(Exception):
    """Root of the tree; its message is meant for the user as it stands."""


class ConfigurationError(AlgotradeError):
    """A name, key or value in the configuration is not accepted."""


class DataError(AlgotradeError):
    """The candles cannot be used as they are."""


class BadCandles(DataError):
    """The candles break the contract of the candle frame."""


class ConflictingCandles(DataError):
    """Two sources disagree about the same candle."""


class NoCandles(DataError):
    """There is nothing to read where candles were expected."""


class TooFewCandles(DataError):
    """The history is shorter than what was asked of it."""


class UnknownFormat(DataError):
    """No importer recognises the file."""


class FeatureError(AlgotradeError):
    """A feature or feature set cannot be computed or matched."""


class ModelError(AlgotradeError):
    """A model cannot be fitted, saved or loaded."""


class BundleRejected(ModelError):
    """A model bundle was changed after it was written, or belongs to other features."""


class NoChampion(ModelError):
    """There is no champion: no model has passed the gate yet."""


class StrategyError(AlgotradeError):
    """A strategy broke its contract."""


class BacktestError(AlgotradeError):
    """A simulation cannot be accounted for."""


class LookAheadFound(AlgotradeError):
    """The audit found a plug-in that sees the future, or breaks another law that keeps results honest."""


class RegistryError(AlgotradeError):
    """The model registry cannot be used, or does not know what it is asked for."""


class StoreError(AlgotradeError):
    """The candle store or the online feature store cannot be used."""


class ForeignFeatures(StoreError):
    """The online features were made by another feature set than the one asked for."""


class StoreUnavailable(StoreError):
    """The store does not answer; trying again later may work."""


class VenueError(AlgotradeError):
    """An exchange refused a request or failed to answer it."""


class VenueUnavailable(VenueError):
    """The exchange could not be reached or is overloaded; trying again later may work."""
