"""``--env production`` takes its databases from the environment, and says which variable is missing."""

import pytest
from kedro.config import OmegaConfigLoader
from tests.conftest import ROOT

from algotrade.data.online_store import OnlineStore
from algotrade.data.store import CandleStore
from algotrade.errors import StoreError
from algotrade.settings import CONFIG_LOADER_ARGS

VARIABLES = {"ALGOTRADE_DATABASE_URL": "database_url", "ALGOTRADE_REDIS_URL": "redis_url"}


def production_globals() -> dict[str, str]:
    return OmegaConfigLoader(str(ROOT / "conf"), env="production", **CONFIG_LOADER_ARGS)["globals"]


@pytest.mark.filterwarnings("ignore:.*register_new_resolver")
def test_the_urls_come_from_the_environment(monkeypatch):
    for variable, key in VARIABLES.items():
        monkeypatch.setenv(variable, f"postgresql://{key}/candles")
    assert {key: production_globals()[key] for key in VARIABLES.values()} == {
        "database_url": "postgresql://database_url/candles",
        "redis_url": "postgresql://redis_url/candles",
    }


@pytest.mark.parametrize(
    ("variable", "open_store"), [("ALGOTRADE_DATABASE_URL", CandleStore), ("ALGOTRADE_REDIS_URL", OnlineStore)]
)
@pytest.mark.filterwarnings("ignore:.*register_new_resolver")
def test_a_missing_one_is_named(monkeypatch, variable, open_store):
    monkeypatch.delenv(variable, raising=False)

    with pytest.raises(StoreError, match=f"{variable} is not set.*ccepted are"):
        open_store(production_globals()[VARIABLES[variable]])
