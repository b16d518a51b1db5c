"""Wiring of the feature pipeline."""

from kedro.pipeline import Pipeline, node

from algotrade.pipelines.feature_engineering import nodes


def create_pipeline() -> Pipeline:
    """Candles → features → online store."""
    return Pipeline(
        [
            node(
                nodes.compute_features,
                inputs=["candles", "universe", "params:feature_engineering", "earlier_features"],
                outputs=["features", "feature_spec"],
                name="compute_features",
            ),
            node(
                nodes.latest_features,
                inputs=["features", "feature_spec", "universe", "params:feature_engineering"],
                outputs="online_features",
                name="publish_latest_features",
            ),
        ],
        tags="feature_engineering",
    )
