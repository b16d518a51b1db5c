import json
import logging
import os
from collections.abc import Iterator

import pytest
from prometheus_client import Counter

from algotrade.monitoring.log_lines import LogLines
from algotrade.monitoring.service_log import REQUEST_ID, logged_as_json


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    yield reader, writer
    os.close(reader)
    os.close(writer)


@pytest.fixture
def counts() -> tuple[Counter, Counter]:
    return Counter("written", "", registry=None), Counter("dropped", "", registry=None)


def test_every_record_is_one_line_of_json_with_the_id_of_its_request(
    pipe: tuple[int, int], counts: tuple[Counter, Counter]
) -> None:
    lines = LogLines(pipe[1], *counts)
    plain = logging.StreamHandler()
    logging.getLogger("bentoml").addHandler(plain)
    level = logging.getLogger().level
    with logged_as_json(lines):
        assert plain not in logging.getLogger("bentoml").handlers
        token = REQUEST_ID.set("order-12345678")
        logging.getLogger("algotrade.inference.shadow").info("took %d\nlines", 3)
        REQUEST_ID.reset(token)
        try:
            1 / 0  # noqa: B018
        except ZeroDivisionError:
            logging.getLogger("bentoml.serve").exception("failed")
        logging.getLogger("someone.else").info("not worth a line")
    assert plain in logging.getLogger("bentoml").handlers
    assert logging.getLogger().level == level
    logging.getLogger("bentoml").removeHandler(plain)
    lines.start()
    lines.stop()
    first, second = (json.loads(line) for line in os.read(pipe[0], 100_000).splitlines())
    assert first.pop("time").endswith("Z")
    assert first == {
        "level": "info",
        "logger": "algotrade.inference.shadow",
        "event": "took 3\nlines",
        "process": os.getpid(),
        "request_id": "order-12345678",
    }
    assert (second["level"], second["logger"]) == ("error", "bentoml.serve")
    assert "ZeroDivisionError" in second["exception"]
    assert "request_id" not in second
    assert counts[0]._value.get() == 2


def test_who_logs_never_waits_and_what_is_lost_is_counted(
    pipe: tuple[int, int], counts: tuple[Counter, Counter]
) -> None:
    lines = LogLines(pipe[1], *counts, most_waiting=100)
    for number in range(150):
        lines.add(b"%d" % number)
    assert counts[1]._value.get() == 50
    lines.start()
    lines.stop()
    assert os.read(pipe[0], 10_000).splitlines() == [b"%d" % number for number in range(100)]


def test_nobody_who_reads_is_no_reason_to_stop(counts: tuple[Counter, Counter]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    lines = LogLines(writer, *counts)
    lines.start()
    lines.add(b"to nobody")
    lines.stop()
    os.close(writer)
    assert counts[1]._value.get() == 1
