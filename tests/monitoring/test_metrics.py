from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from algotrade.data.provenance import project_root
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


def test_the_champion_is_marked_and_the_one_before_is_not_any_more() -> None:
    metrics = ServiceMetrics()
    metrics.reigns("lightgbm", "1", "f")
    metrics.reigns("lightgbm", "2", "f")
    value = metrics.registry.get_sample_value
    labels = {"name": "lightgbm", "fingerprint": "f"}
    assert value("algotrade_model_info", {**labels, "version": "1"}) == 0
    assert value("algotrade_model_info", {**labels, "version": "2"}) == 1


def test_what_the_drift_check_has_found_is_shown_with_the_rest(tmp_path: Path) -> None:
    file = tmp_path / "drift.prom"
    metrics = ServiceMetrics(drift=file)
    assert b"algotrade_drift" not in metrics.render()
    file.write_text("# TYPE algotrade_drift_detected gauge\nalgotrade_drift_detected 1.0\n")
    families = {family.name: family for family in text_string_to_metric_families(metrics.render().decode())}
    assert families["algotrade_drift_detected"].samples[0].value == 1


def test_every_metric_is_in_the_how_to() -> None:
    page = (project_root() / "docs/how-to/watch-the-service.md").read_text()
    for family in text_string_to_metric_families(ServiceMetrics().render().decode()):
        assert f"`{family.name}" in page, family.name
