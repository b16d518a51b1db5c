"""Every Prometheus metric of the platform: its name, meaning, unit and labels, said once.

Labels come from closed sets (route templates, status codes, codes of the contract), never from what a client sends,
so the number of series is bounded.
"""

from collections.abc import Mapping
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from algotrade.monitoring.shared_metrics import registry_of_all_workers

# A second series for every first one, with its birthday, which nobody asks for.
disable_created_metrics()  # type: ignore[no-untyped-call]

CONTENT_TYPE = CONTENT_TYPE_LATEST
"""Media type of what :meth:`ServiceMetrics.render` returns."""
LATENCY_BUCKETS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
STAGE_BUCKETS = (0.00001, 0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.005, 0.02, 0.1, 1.0)
AGE_BUCKETS = (0.1, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 100.0, 1000.0)
CONFIDENCE_BUCKETS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
FRESHNESS_BUCKETS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 60.0, 600.0, 3600.0)

STAGES = ("admit", "decode", "answer", "send")
"""Of a prediction, in their order: guard and bound, body to request, features and model, answer to the socket."""


class ServiceMetrics:
    """The metrics of one prediction service; of all its workers together where they share a folder.

    A gauge of several workers is the sum or the largest of those that live, or what was set last.

    Attributes
    ----------
    requests : Counter ``algotrade_requests_total``, labels ``route``, ``status``
        HTTP requests by route template and status code; a path that is no route counts as ``other``.
    request_seconds : Histogram ``algotrade_request_seconds``, label ``route``
        From the headers of a request to the last byte of its answer.
    stage_seconds : Histogram ``algotrade_stage_seconds``, label ``stage``
        Stages of one prediction in eight: ``admit``, ``decode``, ``answer``, ``send``.
    in_flight : Gauge ``algotrade_requests_in_flight``
        Requests under way, in all workers together.
    predictions : Counter ``algotrade_predictions_total``, label ``signal``
        Predictions given, by signal (``long``, ``flat``).
    confidence : Histogram ``algotrade_prediction_confidence``
        How far the probability of each new prediction is from one half, times two: 0 knows nothing, 1 is certain.
    refusals : Counter ``algotrade_refusals_total``, label ``code``
        Requests that were refused, by the problem's code.
    inference_seconds : Histogram ``algotrade_inference_seconds``
        In the model alone, one observation for each content of a symbol's features.
    online_store_up : Gauge ``algotrade_online_store_up``
        1 if the online feature store answered when it was last asked, else 0.
    online_read_seconds : Histogram ``algotrade_online_read_seconds``
        To read the vectors of a request from the online store, one round trip.
    online_vectors : Counter ``algotrade_online_vectors_total``, label ``state``
        Vectors asked for: ``fresh``, ``stale`` (older than ``ALGOTRADE_MAX_AGE`` allows) or ``absent`` (not published,
        or expired).
    breaker_open : Gauge ``algotrade_breaker_open``
        1 while the online store is left alone after failures in a row, else 0; 1 if one worker does.
    feature_age_candles : Histogram ``algotrade_feature_age_candles``
        Age of each vector that was read, in candles since the close of its newest one.
    feature_staleness_seconds : Gauge ``algotrade_feature_staleness_seconds``
        Age of the oldest candle that the last prediction by symbol was based on, since its close.
    feature_reads : Counter ``algotrade_feature_reads_total``, label ``origin``
        Reads of features by where they came from: ``cache``, ``store``, or ``last_known`` while the store is gone.
    model_info : Gauge ``algotrade_model_info``, labels ``name``, ``version``, ``fingerprint``
        1 for the champion, 0 for one that was champion before while this service ran.
    reloads : Counter ``algotrade_model_reloads_total``, label ``outcome``
        Promotions noticed: ``switched`` to another version, or ``refused`` because the bundle cannot be served.
    shed : Counter ``algotrade_shed_requests_total``
        Requests refused because too many were under way.
    shadow : Counter ``algotrade_shadow_predictions_total``, label ``outcome``
        Predictions of the champion that the shadow model was asked about too: ``recorded``, ``failed`` (it could not
        answer), ``dropped`` (it could not keep up).
    log_lines : Counter ``algotrade_log_lines_total``, label ``outcome``
        Lines of the service's log: ``written``, or ``dropped`` because nobody took them in time.
    workers : Gauge ``algotrade_workers``
        Worker processes that live.

    Parameters
    ----------
    drift : Path, optional
        What the drift check of the pipelines has last found, shown with the rest; see ``monitoring.drift.metrics``.

    >>> metrics = ServiceMetrics()
    >>> metrics.predictions.labels("long").inc()
    >>> b'algotrade_predictions_total{signal="long"} 1.0' in metrics.render()
    True
    """

    def __init__(self, drift: Path | None = None) -> None:
        self.registry = CollectorRegistry()
        self._drift = drift
        self._add_requests()
        self._add_predictions()
        self._add_features()
        self._add_service()

    def reigns(self, name: str, version: str, fingerprint: str) -> None:
        """Show which model is the champion from now on."""
        for labels in self._champions - {(name, version, fingerprint)}:
            self.model_info.labels(*labels).set(0)
        self._champions.add((name, version, fingerprint))
        self.model_info.labels(name, version, fingerprint).set(1)

    def render(self) -> bytes:
        """All series of all workers in Prometheus' text format, of media type :data:`CONTENT_TYPE`."""
        shared = registry_of_all_workers()
        return generate_latest(self.registry if shared is None else shared) + self._found_drift()

    def _found_drift(self) -> bytes:
        try:
            return b"" if self._drift is None else self._drift.read_bytes()
        except FileNotFoundError:
            return b""

    def _add_requests(self) -> None:
        self.requests = self._counter("requests_total", "HTTP requests.", "route", "status")
        self.request_seconds = self._histogram("request_seconds", "Seconds to answer.", LATENCY_BUCKETS, "route")
        self.stage_seconds = self._histogram("stage_seconds", "Seconds in a stage.", STAGE_BUCKETS, "stage")
        self.stages: Mapping[str, Histogram] = {stage: self.stage_seconds.labels(stage) for stage in STAGES}
        self.in_flight = self._gauge("requests_in_flight", "Requests under way.", "livesum")
        self.refusals = self._counter("refusals_total", "Requests refused.", "code")
        self.shed = self._counter("shed_requests_total", "Requests shed.")

    def _add_predictions(self) -> None:
        self.predictions = self._counter("predictions_total", "Predictions given.", "signal")
        self.confidence = self._histogram("prediction_confidence", "Twice the way from one half.", CONFIDENCE_BUCKETS)
        self.inference_seconds = self._histogram("inference_seconds", "Seconds in the model.", LATENCY_BUCKETS)
        self.shadow = self._counter("shadow_predictions_total", "Predictions of the shadow model.", "outcome")

    def _add_features(self) -> None:
        self.online_store_up = self._gauge("online_store_up", "Whether the online store answered.", "livemostrecent")
        self.online_read_seconds = self._histogram("online_read_seconds", "Seconds to read from it.", LATENCY_BUCKETS)
        self.online_vectors = self._counter("online_vectors_total", "Vectors asked of the online store.", "state")
        self.breaker_open = self._gauge("breaker_open", "Whether the online store is left alone.", "livemax")
        self.feature_age_candles = self._histogram("feature_age_candles", "Age of vectors, candles.", AGE_BUCKETS)
        self.feature_staleness_seconds = self._gauge(
            "feature_staleness_seconds",
            "Age of the oldest candle behind the last prediction by symbol.",
            "livemostrecent",
        )
        self.feature_reads = self._counter("feature_reads_total", "Reads of features by origin.", "origin")

    def _add_service(self) -> None:
        self.model_info = self._gauge(
            "model_info", "The model that is served.", "livemax", "name", "version", "fingerprint"
        )
        self._champions: set[tuple[str, str, str]] = set()
        self.reloads = self._counter("model_reloads_total", "Promotions noticed.", "outcome")
        self.log_lines = self._counter("log_lines_total", "Lines of the log.", "outcome")
        self.workers = self._gauge("workers", "Worker processes that live.", "livesum")

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"algotrade_{name}", meaning, labels, registry=self.registry)

    def _histogram(self, name: str, meaning: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"algotrade_{name}", meaning, labels, buckets=buckets, registry=self.registry)

    def _gauge(self, name: str, meaning: str, of_workers: str, *labels: str) -> Gauge:
        """A gauge; ``of_workers`` is Prometheus' name for what the value of several workers is."""
        return Gauge(
            f"algotrade_{name}",
            meaning,
            labels,
            registry=self.registry,
            multiprocess_mode=of_workers,  # type: ignore[arg-type]  # one of its names
        )


class StreamMetrics:
    """The metrics of one stream of live candles, in a registry of its own.

    Attributes
    ----------
    candles : Counter ``algotrade_stream_candles_total``, label ``origin``
        Closed candles delivered, by how they came (``stream``, ``rest``).
    connections : Counter ``algotrade_stream_connections_total``
        Websockets that have begun to deliver.
    fetches : Counter ``algotrade_stream_fetches_total``, label ``outcome``
        Questions over REST for what the socket did not tell (``answered``, ``failed``).
    freshness_seconds : Histogram ``algotrade_stream_freshness_seconds``, label ``sink``
        From the close of a candle, by the exchange's clock, until a sink has taken it.
    freshness_quantile_seconds : Gauge ``algotrade_stream_freshness_quantile_seconds``, labels ``sink``, ``quantile``
        Quantiles (``0.5``, ``0.95``, ``1``) of the same over the last ten thousand candles.
    last_close_seconds : Gauge ``algotrade_stream_last_close_timestamp_seconds``, label ``sink``
        When the newest candle that a sink has taken has closed, seconds since the epoch.
    waiting : Gauge ``algotrade_stream_waiting_candles``, label ``sink``
        Candles that a sink has not taken yet.
    failures : Counter ``algotrade_stream_sink_failures_total``, label ``sink``
        Attempts that a sink has refused.
    update_seconds : Histogram ``algotrade_stream_feature_update_seconds``, label ``step``
        To ``compute`` the features that candles change, and to ``publish`` them to the online store.
    published : Counter ``algotrade_stream_published_vectors_total``
        Feature vectors written to the online store, one a symbol and update.

    >>> metrics = StreamMetrics()
    >>> metrics.candles.labels("rest").inc(2)
    >>> b'algotrade_stream_candles_total{origin="rest"} 2.0' in metrics.render()
    True
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.candles = Counter(
            "algotrade_stream_candles_total", "Closed candles delivered.", ["origin"], registry=self.registry
        )
        self.connections = Counter(
            "algotrade_stream_connections_total", "Websockets that delivered.", registry=self.registry
        )
        self.fetches = Counter(
            "algotrade_stream_fetches_total", "Questions over REST.", ["outcome"], registry=self.registry
        )
        self.freshness_seconds = Histogram(
            "algotrade_stream_freshness_seconds",
            "Seconds from the close of a candle until a sink has taken it.",
            ["sink"],
            buckets=FRESHNESS_BUCKETS,
            registry=self.registry,
        )
        self.freshness_quantile_seconds = Gauge(
            "algotrade_stream_freshness_quantile_seconds",
            "Quantiles of the freshness of the latest candles.",
            ["sink", "quantile"],
            registry=self.registry,
        )
        self.last_close_seconds = Gauge(
            "algotrade_stream_last_close_timestamp_seconds",
            "Close time of the newest candle taken.",
            ["sink"],
            registry=self.registry,
        )
        self.waiting = Gauge(
            "algotrade_stream_waiting_candles", "Candles not taken yet.", ["sink"], registry=self.registry
        )
        self.failures = Counter(
            "algotrade_stream_sink_failures_total", "Attempts refused by a sink.", ["sink"], registry=self.registry
        )
        self.update_seconds = Histogram(
            "algotrade_stream_feature_update_seconds",
            "Seconds to update the online features.",
            ["step"],
            buckets=LATENCY_BUCKETS,
            registry=self.registry,
        )
        self.published = Counter(
            "algotrade_stream_published_vectors_total", "Feature vectors published.", registry=self.registry
        )

    def render(self) -> bytes:
        """All series in Prometheus' text format, of media type :data:`CONTENT_TYPE`."""
        return generate_latest(self.registry)
