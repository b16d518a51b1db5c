"""What the benchmarks share: time something, print a line, keep the figures."""

import json
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Figure:
    """One measured number, and how many times as good as another one it is."""

    name: str
    value: float
    unit: str
    against: str | None = None
    ratio: float | None = None

    def __str__(self) -> str:
        compared = "" if self.ratio is None else f"  {self.ratio:8.2f} x {self.against}"
        return f"{self.name:58} {self.value:14,.6g} {self.unit:10}{compared}"


@dataclass
class Benchmark:
    """The figures of one subject; each is printed when it is known, all of them are written at the end."""

    subject: str
    figures: list[Figure] = field(default_factory=list)

    def add(self, name: str, value: float, unit: str, against: Figure | None = None) -> Figure:
        """Keep and print a figure; where more is better, the ratio to another figure of the same run says how much."""
        figure = Figure(name, value, unit, against and against.name, against and value / against.value)
        self.figures.append(figure)
        print(figure, flush=True)
        return figure

    def write(self) -> Path:
        """Write ``results/SUBJECT.json``, a list of figures."""
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / f"{self.subject}.json"
        path.write_text(json.dumps([asdict(figure) for figure in self.figures], indent=2) + "\n")
        return path


def median_seconds(
    action: Callable[[], object], repeats: int = 3, before: Callable[[], object] = lambda: None
) -> float:
    """Median wall time of the repetitions."""
    times = []
    for _ in range(repeats):
        before()
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return statistics.median(times)
