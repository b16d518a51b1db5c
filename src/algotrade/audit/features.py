"""Features probed for what they see of the future, and for the laws that make research and live the same."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from algotrade.audit.comparison import Difference, difference, differs, look_ahead, scale_of
from algotrade.audit.findings import Finding
from algotrade.audit.perturbation import changed_after, complete, ragged, widened
from algotrade.audit.probes import Probe, ProbeSettings, probed_rows, probes_of
from algotrade.audit.repeats import probe_input, probe_repetition
from algotrade.audit.served import probe_latest, probe_memory
from algotrade.domain.candles import FloatArray, Panel
from algotrade.features import Feature, FeatureSet

_CLOSER = 36


@dataclass(frozen=True)
class ProbedFeatures:
    """Features with the panel that they are probed on and their values there.

    Attributes
    ----------
    features : FeatureSet
    panel : Panel
    values : ndarray of shape (n, symbols, features)
    """

    features: FeatureSet
    panel: Panel
    values: FloatArray

    @classmethod
    def on(cls, features: FeatureSet, panel: Panel) -> "ProbedFeatures":
        """The features computed on the panel."""
        return cls(features, panel, features.matrix(panel))

    @property
    def warm_up(self) -> int:
        """Rows before the features have values: those of the neediest one that has any."""
        known = np.isfinite(self.values).any(axis=1)
        first = known.argmax(axis=0)[known.any(axis=0)]
        return int(first.max()) if len(first) else 0

    def scale(self, place: int) -> float:
        """Standard deviation of a feature."""
        return scale_of(self.values[:, :, place])


def probe_feature(feature: Feature, panel: Panel, settings: ProbeSettings | None = None) -> list[Finding]:
    """What there is to say against one feature; see :func:`probe_features`."""
    return probe_features(FeatureSet((feature,)), panel, settings)


def probe_features(features: FeatureSet, panel: Panel, settings: ProbeSettings | None = None) -> list[Finding]:
    """What there is to say against features: look-ahead, and the other laws that a feature keeps.

    Every probe computes all features at once. A feature that writes into its input is probed for nothing else: it
    would spoil the others.

    Parameters
    ----------
    features : FeatureSet
    panel : Panel
        Gaps and a late listing are made where it has none, and optional numbers of a candle that it has none of are
        made up, so that features which need them are probed, too.
    settings : ProbeSettings, optional

    Returns
    -------
    list of Finding
        Empty if there is nothing to say.
    """
    chosen = settings or ProbeSettings()
    panel = complete(panel, chosen.seed)
    findings = [found for feature in features.features for found in probe_input(feature, panel)]
    spoiling = {finding.name for finding in findings}
    left = tuple(feature for feature in features.features if feature.name not in spoiling)
    if not left:
        return findings
    probed = ProbedFeatures.on(FeatureSet(left), ragged(panel, _earliest(left, panel), chosen.seed))
    findings += probe_look_ahead(probed, chosen)
    findings += probe_repetition(probed.features, probed.panel, probed.values)
    # What reads the future, or dice, has another last row than the matrix for that reason alone.
    spoken_for = {finding.name for finding in findings}
    served = (*probe_memory(probed.features, probed.panel, probed.values, chosen.seed), *_latest(probed, chosen))
    findings += [finding for finding in served if finding.name not in spoken_for]
    return findings + _silent(probed)


def probe_look_ahead(probed: ProbedFeatures, settings: ProbeSettings) -> list[Finding]:
    """The features of which a value changes with what comes after it, and how far ahead they look."""
    rows = probed_rows(probed.panel, settings, probed.warm_up)
    differences: dict[int, list[Difference]] = defaultdict(list)
    wide = None
    for probe in probes_of(probed.panel, settings, rows):
        before = probed.values
        if probe.widened:
            wide = probed.features.matrix(widened(probed.panel)) if wide is None else wide
            before = wide
        _collect(probed, probe, before, differences)
    _look_closer(probed, settings, differences)
    ahead = len(probed.panel) - probed.warm_up
    return [
        look_ahead("feature", probed.features.names[place], found, ahead)
        for place, found in sorted(differences.items())
    ]


def _collect(
    probed: ProbedFeatures, probe: Probe, before: FloatArray, differences: dict[int, list[Difference]]
) -> None:
    after = probed.features.matrix(probe.panel)
    past, columns = slice(0, probe.row + 1), list(probe.columns)
    old, new = before[past][:, columns], after[past][:, columns]
    for place in map(int, np.flatnonzero(differs(old, new).any(axis=(0, 1)))):
        found = difference(
            probe.name,
            old[:, :, place],
            new[:, :, place],
            probed.panel.present[past][:, columns],
            probed.scale(place),
        )
        if found is not None:
            differences[place].append(found)


def _look_closer(probed: ProbedFeatures, settings: ProbeSettings, differences: dict[int, list[Difference]]) -> None:
    """Add what shows the reach of those that look ahead: the future changed from one row after the other on."""
    places = sorted(differences)
    if not places:
        return
    leaking = FeatureSet(tuple(probed.features.features[place] for place in places))
    last = len(probed.panel) - 2
    middle = (max(probed.warm_up, 0) + last) // 2
    rows = sorted({*range(max(middle, 0), min(middle + _CLOSER, last) + 1), last})
    closer = replace(probed, features=leaking, values=probed.values[:, :, places])
    everything = tuple(range(len(probed.panel.symbols)))
    found: dict[int, list[Difference]] = defaultdict(list)
    for row in rows:
        panel = changed_after(probed.panel, row, (settings.seed, 5))
        _collect(closer, Probe("prices", row, panel, everything), closer.values, found)
    for place, more in found.items():
        differences[places[place]] += more


def _latest(probed: ProbedFeatures, settings: ProbeSettings) -> list[Finding]:
    rows = probed_rows(probed.panel, settings, probed.warm_up)
    return probe_latest(probed.features, probed.panel, probed.values, [*rows, len(probed.panel) - 1])


def _earliest(features: Sequence[Feature], panel: Panel) -> int:
    """Rows that the features which fit into the panel need."""
    return max((feature.reach for feature in features if feature.reach < len(panel)), default=0)


def _silent(probed: ProbedFeatures) -> list[Finding]:
    without_value = ~np.isfinite(probed.values).any(axis=(0, 1))
    return [_without_value(probed.features.features[place], probed.panel) for place in np.flatnonzero(without_value)]


def _without_value(feature: Feature, panel: Panel) -> Finding:
    needs = f" and needs {' and '.join(feature.needs)}" if feature.needs else ""
    detail = f"has no value in these {len(panel)} candles, so nothing was shown; its lookback is {feature.reach}{needs}"
    return Finding("feature", feature.name, "silent", detail=detail)
