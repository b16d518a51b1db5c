from prometheus_client.parser import text_string_to_metric_families

from algotrade.monitoring.metrics import ServiceMetrics


def test_every_metric_is_documented_in_the_class_and_carries_the_prefix() -> None:
    families = list(text_string_to_metric_families(ServiceMetrics().render().decode()))
    described = ServiceMetrics.__doc__ or ""
    assert len(families) >= 8
    for family in families:
        assert family.name.startswith("algotrade_")
        assert family.name in described
        assert family.documentation


def test_two_services_count_apart() -> None:
    first, second = ServiceMetrics(), ServiceMetrics()
    first.predictions.labels("long").inc()
    assert b'algotrade_predictions_total{signal="long"} 1.0' in first.render()
    assert b'signal="long"' not in second.render()
