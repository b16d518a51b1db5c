"""The Prometheus metrics of a drift check, in a file that node-exporter's textfile collector reads."""

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from algotrade.monitoring.drift.comparison import Comparison
from algotrade.monitoring.drift.statistics import MEASURES


class DriftMetrics:
    """The metrics of one drift check, in a registry of its own.

    Labels are names of the feature registry, so the number of series is bounded.

    Attributes
    ----------
    detected : Gauge ``algotrade_drift_detected``
        1 if the newest window drifted, else 0.
    p_value : Gauge ``algotrade_drift_p_value``
        Chance of a window as unusual as the newest one in an unchanged market.
    features_drifted : Gauge ``algotrade_drift_features_drifted``
        Features with a statistic beyond its threshold.
    last_check_seconds : Gauge ``algotrade_drift_last_check_timestamp_seconds``
        When the check ran, seconds since the epoch.
    window_end_seconds : Gauge ``algotrade_drift_window_end_timestamp_seconds``
        Close time of the newest candle that was checked, seconds since the epoch.
    psi, ks, wasserstein, missing : Gauge ``algotrade_drift_psi`` and so on, label ``feature``
        Population stability index, Kolmogorov-Smirnov distance, Wasserstein distance in standard deviations of the
        reference, and change of the share of missing values.
    excess : Gauge ``algotrade_drift_excess``, label ``feature``
        Largest of the four over its threshold: above 1 the feature drifted.
    family : Gauge ``algotrade_drift_family``, label ``family``
        Joint statistic of a family, and of all features.
    family_excess : Gauge ``algotrade_drift_family_excess``, label ``family``
        The same over its threshold: above 1 the family drifted.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.detected = self._gauge("detected", "Whether the newest window drifted.")
        self.p_value = self._gauge("p_value", "Chance of a window as unusual in an unchanged market.")
        self.features_drifted = self._gauge("features_drifted", "Features beyond a threshold.")
        self.last_check_seconds = self._gauge("last_check_timestamp_seconds", "When the check ran.")
        self.window_end_seconds = self._gauge("window_end_timestamp_seconds", "Close of the newest candle checked.")
        self.psi = self._gauge("psi", "Population stability index.", "feature")
        self.ks = self._gauge("ks", "Kolmogorov-Smirnov distance.", "feature")
        self.wasserstein = self._gauge("wasserstein", "Wasserstein distance, standard deviations.", "feature")
        self.missing = self._gauge("missing", "Change of the share of missing values.", "feature")
        self.excess = self._gauge("excess", "Largest statistic over its threshold.", "feature")
        self.family = self._gauge("family", "Joint statistic of a family.", "family")
        self.family_excess = self._gauge("family_excess", "Joint statistic over its threshold.", "family")

    @classmethod
    def of(cls, comparison: Comparison, checked_seconds: float) -> "DriftMetrics":
        """The metrics of a comparison that was made at a time, seconds since the epoch."""
        metrics, origin = cls(), comparison.reference.origin
        metrics.detected.set(comparison.detected)
        metrics.p_value.set(comparison.p_value)
        metrics.features_drifted.set(int(comparison.drifted.sum()))
        metrics.last_check_seconds.set(checked_seconds)
        metrics.window_end_seconds.set((int(comparison.current.candle[-1]) + 1) * origin.timeframe_ms / 1000)
        for measure, values in zip(MEASURES, comparison.by_feature(comparison.statistics), strict=True):
            for feature, value in zip(origin.names, values, strict=True):
                getattr(metrics, measure).labels(feature).set(value)
        for feature, excess in zip(origin.names, comparison.by_feature(comparison.excess).max(axis=0), strict=True):
            metrics.excess.labels(feature).set(excess)
        sizes = (comparison.by_group(each) for each in (comparison.statistics, comparison.excess))
        for family, value, excess in zip(origin.groups, *sizes, strict=True):
            metrics.family.labels(family).set(value)
            metrics.family_excess.labels(family).set(excess)
        return metrics

    def render(self) -> str:
        """All series in Prometheus' text format."""
        return generate_latest(self.registry).decode()

    def _gauge(self, name: str, meaning: str, *labels: str) -> Gauge:
        return Gauge(f"algotrade_drift_{name}", meaning, labels, registry=self.registry)
