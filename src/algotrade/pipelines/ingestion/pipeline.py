"""Wiring of the ingestion pipeline."""

from kedro.pipeline import Pipeline, node

from algotrade.pipelines.ingestion import nodes


def create_pipeline() -> Pipeline:
    """Source → inspection → candle store → snapshot."""
    return Pipeline(
        [
            node(
                nodes.inspect,
                inputs="source_candles",
                outputs=["inspected_candles", "rejected_candles", "data_quality", "candidate_universe"],
                name="inspect_candles",
            ),
            node(
                nodes.require_enough_history,
                inputs=[
                    "inspected_candles",
                    "rejected_candles",
                    "candidate_universe",
                    "candle_history",
                    "params:ingestion",
                    "params:feature_engineering",
                    "params:training",
                ],
                outputs=["accepted_candles", "quarantine"],
                name="require_enough_history",
            ),
            node(nodes.keep, inputs="accepted_candles", outputs="candle_store", name="store_candles"),
            node(
                nodes.snapshot,
                inputs=["candle_store", "candidate_universe"],
                outputs=["candles", "universe"],
                name="snapshot_candles",
            ),
        ],
        tags="ingestion",
    )
