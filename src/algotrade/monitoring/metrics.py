"""Every Prometheus metric of the platform: its name, meaning, unit and labels, said once.

Labels come from closed sets (route templates, status classes, codes of the contract), never from what a
client sends, so the number of series is bounded.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

# A second series for every first one, with its birthday, which nobody asks for.
disable_created_metrics()  # type: ignore[no-untyped-call]

CONTENT_TYPE = CONTENT_TYPE_LATEST
"""Media type of what :meth:`ServiceMetrics.render` returns."""
LATENCY_BUCKETS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
AGE_BUCKETS = (0.1, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 100.0, 1000.0)
FRESHNESS_BUCKETS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 60.0, 600.0, 3600.0)


class ServiceMetrics:
    """The metrics of one prediction service, in a registry of its own.

    Attributes
    ----------
    requests : Counter ``algotrade_requests_total``, labels ``route``, ``status``
        HTTP requests by route template and status code; a path that is no route counts as ``other``.
    request_seconds : Histogram ``algotrade_request_seconds``, label ``route``
        From the first byte of a request to the last of its answer.
    predictions : Counter ``algotrade_predictions_total``, label ``signal``
        Predictions given, by signal (``long``, ``flat``).
    refusals : Counter ``algotrade_refusals_total``, label ``code``
        Requests that were refused, by the problem's code.
    inference_seconds : Histogram ``algotrade_inference_seconds``
        In the model alone, one observation a request.
    online_store_up : Gauge ``algotrade_online_store_up``
        1 if the online feature store answered when it was last asked, else 0.
    online_read_seconds : Histogram ``algotrade_online_read_seconds``
        To read the vectors of a request from the online store, one round trip.
    online_vectors : Counter ``algotrade_online_vectors_total``, label ``state``
        Vectors asked for: ``fresh``, ``stale`` (older than ``ALGOTRADE_MAX_AGE`` allows) or ``absent`` (not published,
        or expired).
    feature_age_candles : Histogram ``algotrade_feature_age_candles``
        Age of each vector that was read, in candles since the close of its newest one.
    feature_staleness_seconds : Gauge ``algotrade_feature_staleness_seconds``
        Age of the oldest candle that the last prediction by symbol was based on, since its close.
    model_info : Gauge ``algotrade_model_info``, labels ``name``, ``version``, ``fingerprint``
        Always 1; the labels say which model is served.

    >>> metrics = ServiceMetrics()
    >>> metrics.predictions.labels("long").inc()
    >>> b'algotrade_predictions_total{signal="long"} 1.0' in metrics.render()
    True
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "algotrade_requests_total", "HTTP requests.", ["route", "status"], registry=self.registry
        )
        self.request_seconds = Histogram(
            "algotrade_request_seconds",
            "Seconds to answer a request.",
            ["route"],
            buckets=LATENCY_BUCKETS,
            registry=self.registry,
        )
        self.predictions = Counter(
            "algotrade_predictions_total", "Predictions given.", ["signal"], registry=self.registry
        )
        self.refusals = Counter("algotrade_refusals_total", "Requests refused.", ["code"], registry=self.registry)
        self.inference_seconds = Histogram(
            "algotrade_inference_seconds", "Seconds in the model.", buckets=LATENCY_BUCKETS, registry=self.registry
        )
        self.online_store_up = Gauge(
            "algotrade_online_store_up", "Whether the online feature store answered.", registry=self.registry
        )
        self.online_read_seconds = Histogram(
            "algotrade_online_read_seconds",
            "Seconds to read from the online store.",
            buckets=LATENCY_BUCKETS,
            registry=self.registry,
        )
        self.online_vectors = Counter(
            "algotrade_online_vectors_total", "Vectors asked of the online store.", ["state"], registry=self.registry
        )
        self.feature_age_candles = Histogram(
            "algotrade_feature_age_candles",
            "Age of the vectors read, in candles.",
            buckets=AGE_BUCKETS,
            registry=self.registry,
        )
        self.feature_staleness_seconds = Gauge(
            "algotrade_feature_staleness_seconds",
            "Age of the oldest candle behind the last prediction by symbol.",
            registry=self.registry,
        )
        self.model_info = Gauge(
            "algotrade_model_info",
            "The model that is served.",
            ["name", "version", "fingerprint"],
            registry=self.registry,
        )

    def render(self) -> bytes:
        """All series in Prometheus' text format, of media type :data:`CONTENT_TYPE`."""
        return generate_latest(self.registry)


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
