"""kedro viz can draw the pipelines: every dataset of the catalog has a layer, and the layers follow each other."""

from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
LAYERS = ["raw", "intermediate", "primary", "feature", "model_input", "model_output", "models", "reporting"]


@pytest.fixture(scope="module")
def lineage(tmp_path_factory: pytest.TempPathFactory):
    from kedro_viz.data_access import data_access_manager
    from kedro_viz.server import load_and_populate_data

    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("ALGOTRADE_DATA", str(tmp_path_factory.mktemp("viz")))
        load_and_populate_data(ROOT, env="test")
    return data_access_manager


def test_layers_are_drawn_in_the_order_of_the_data(lineage):
    # kedro viz draws none at all where two of them depend on each other.
    assert lineage.get_sorted_layers_for_registered_pipeline("__default__") == LAYERS


@pytest.mark.parametrize("entries", sorted((ROOT / "conf" / "base" / "catalog").iterdir()), ids=lambda path: path.stem)
def test_every_dataset_of_the_catalog_has_a_layer(entries):
    layers = {
        name: (dataset.get("metadata") or {}).get("kedro-viz", {}).get("layer")
        for name, dataset in yaml.safe_load(entries.read_text()).items()
        if not name.startswith("_")
    }
    assert {name: layer for name, layer in layers.items() if layer not in LAYERS} == {}
