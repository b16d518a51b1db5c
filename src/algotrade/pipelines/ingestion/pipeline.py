"""Wiring of the ingestion pipeline."""

from kedro.pipeline import Pipeline, node

from algotrade.pipelines.ingestion import nodes


def create_pipeline() -> Pipeline:
    """Source → inspection → candle store → consolidated series → snapshot → assessment."""
    return Pipeline(
        [
            node(
                nodes.inspect,
                inputs=["source_candles", "params:ingestion"],
                outputs=[
                    "inspected_candles",
                    "rejected_candles",
                    "inspection_report",
                    "rejected_reasons",
                    "candidate_universe",
                ],
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
                nodes.consolidate_exchanges,
                inputs=["candle_store", "candidate_universe", "params:ingestion"],
                outputs=["consolidated_store", "quality_divergence", "quality_left_out", "quality_timeline"],
                name="consolidate_exchanges",
            ),
            node(
                nodes.snapshot,
                inputs=["consolidated_store", "candidate_universe"],
                outputs=["candles", "universe"],
                name="snapshot_candles",
            ),
            node(
                nodes.assess,
                inputs=[
                    "candles",
                    "universe",
                    "inspection_report",
                    "rejected_reasons",
                    "quality_left_out",
                    "consolidated_store",
                    "params:ingestion",
                ],
                outputs=[
                    "data_quality",
                    "quality_gaps",
                    "quality_anomalies",
                    "quality_coverage",
                    "quality_quarantined",
                ],
                name="assess_candles",
            ),
        ],
        tags="ingestion",
    )
