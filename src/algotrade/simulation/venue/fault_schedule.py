"""When what goes wrong: a seeded plan, and the desk at the venue that keeps to it."""

import re
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from fnmatch import fnmatchcase
from random import Random
from typing import Any, TypeVar

from algotrade.errors import ConfigurationError
from algotrade.simulation.venue import faults
from algotrade.simulation.venue.faults import Fault

FAULTS: Mapping[str, type[Fault]] = {
    re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.__name__).lower(): kind
    for kind in vars(faults).values()
    if isinstance(kind, type) and issubclass(kind, Fault) and not kind.__subclasses__()
}
"""Every kind of fault by its name in a configuration ("rate_limited")."""

_PLAN_KEYS = ("on", "after", "times", "probability")

Kind = TypeVar("Kind", bound=Fault)


@dataclass(frozen=True)
class Planned:
    """A fault and when it strikes.

    Parameters
    ----------
    fault : Fault
    on : str, default "*"
        Which requests or streams: a pattern of the path after ``/api/v3/`` ("klines", "ticker/*"), or of the
        stream ("*@kline_1m").
    after : int, default 0
        How many of those pass unharmed first.
    times : int, optional
        How often it strikes; without end by default.
    probability : float in [0, 1], default 1
        Of striking, each time.
    """

    fault: Fault
    on: str = "*"
    after: int = 0
    times: int | None = None
    probability: float = 1.0

    def __post_init__(self) -> None:
        if self.after < 0 or (self.times is not None and self.times < 1) or not 0 <= self.probability <= 1:
            raise ConfigurationError(
                f"venue: {self} cannot be planned. Accepted are after >= 0, times >= 1 and a probability from 0 to 1."
            )

    @classmethod
    def of(cls, plan: Mapping[str, Any]) -> "Planned":
        """Plan from a section of a configuration.

        Raises
        ------
        ConfigurationError
            If the fault or a key is unknown, or a value is not accepted.

        >>> Planned.of({"fault": "rate_limited", "retry_after_seconds": 2, "on": "klines", "times": 3}).fault
        RateLimited(status=429, retry_after_seconds=2)
        """
        kind = FAULTS.get(str(plan.get("fault")))
        if kind is None:
            raise ConfigurationError(f"venue: unknown fault {plan.get('fault')!r}. Known are: {', '.join(FAULTS)}.")
        own = [field.name for field in fields(kind)]
        unknown = [key for key in plan if key not in {"fault", *_PLAN_KEYS, *own}]
        if unknown:
            raise ConfigurationError(
                f"venue: {plan['fault']} knows no {', '.join(unknown)}. Known are: {', '.join([*_PLAN_KEYS, *own])}."
            )
        try:
            fault = kind(**{key: plan[key] for key in own if key in plan})
            return cls(fault, **{key: plan[key] for key in _PLAN_KEYS if key in plan})
        except TypeError as error:
            raise ConfigurationError(f"venue: {dict(plan)} has a value of the wrong kind: {error}.") from error

    def as_mapping(self) -> dict[str, Any]:
        """What :meth:`of` makes it from."""
        name = next(name for name, kind in FAULTS.items() if kind is type(self.fault))
        return {"fault": name, **asdict(self.fault), **{key: getattr(self, key) for key in _PLAN_KEYS}}


@dataclass(frozen=True)
class FaultSchedule:
    """Planned faults; the same seed and the same requests give the same faults."""

    planned: tuple[Planned, ...] = ()
    seed: int = 0

    @classmethod
    def of(cls, plans: object, seed: int = 0) -> "FaultSchedule":
        """Schedule from a list of plans, or a single one, as a configuration file holds them.

        Raises
        ------
        ConfigurationError
            If it is no such list, or a plan is not accepted.
        """
        sent = plans if isinstance(plans, list) else [plans]
        sections = [plan for plan in sent if isinstance(plan, Mapping)]
        if len(sections) != len(sent):
            raise ConfigurationError(
                f"venue: {plans!r} plans no faults. Accepted is a list of plans such as "
                '{"fault": "rate_limited", "times": 3}.'
            )
        return cls(tuple(Planned.of(plan) for plan in sections), seed)


class FaultDesk:
    """The faults that are in force at a running venue; may be changed from any thread at any time."""

    def __init__(self, schedule: FaultSchedule) -> None:
        self._lock = threading.Lock()
        self._seed = schedule.seed
        self._entries: list[_Entry] = []
        self._struck: list[tuple[str, Fault]] = []
        for planned in schedule.planned:
            self.add(planned)

    def add(self, planned: Planned) -> None:
        """Put one more fault in force."""
        with self._lock:
            self._entries.append(_Entry(planned, Random(f"{self._seed} {len(self._entries)}")))  # noqa: S311

    def clear(self) -> None:
        """Let everything go right from now on."""
        with self._lock:
            self._entries.clear()

    def planned(self) -> list[Planned]:
        """What is in force."""
        with self._lock:
            return [entry.planned for entry in self._entries]

    def struck(self) -> list[tuple[str, Fault]]:
        """Every fault that has struck, in order, and what it struck."""
        with self._lock:
            return list(self._struck)

    def strikes(self, target: str, kind: type[Kind]) -> list[tuple[Kind, Random]]:
        """Faults of a kind that strike this request or event, each with the random numbers it may draw."""
        if not self._entries:
            return []
        with self._lock:
            struck = [
                (entry.planned.fault, entry.random)
                for entry in self._entries
                if isinstance(entry.planned.fault, kind) and entry.strikes(target)
            ]
            self._struck += [(target, fault) for fault, _ in struck]
        return struck


class _Entry:
    """A planned fault and how often it was met."""

    def __init__(self, planned: Planned, random: Random) -> None:
        self.planned = planned
        self.random = random
        self._met = 0
        self._struck = 0

    def strikes(self, target: str) -> bool:
        plan = self.planned
        if not fnmatchcase(target, plan.on) or (plan.times is not None and self._struck >= plan.times):
            return False
        self._met += 1
        if self._met <= plan.after or self.random.random() >= plan.probability:
            return False
        self._struck += 1
        return True
