"""The models that are loaded: a request finds its own by version, and promotion changes what the next one finds."""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from algotrade.errors import ModelError
from algotrade.inference.models.shelf import Shelf, Stamp, version_of
from algotrade.inference.predictor import Predictor
from algotrade.inference.problems import ModelRefused, UnknownModel
from algotrade.inference.schemas import Role
from algotrade.models.bundle import ModelBundle
from algotrade.models.manifest import Manifest
from algotrade.monitoring.metrics import ServiceMetrics

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Served:
    """A model that answers.

    Attributes
    ----------
    predictor : Predictor
    manifest : Manifest
    folder : Path
        It was read from, links resolved.
    role : {"champion", "challenger", "former"}
    """

    predictor: Predictor
    manifest: Manifest
    folder: Path
    role: Role


@dataclass(frozen=True)
class _LineUp:
    """All that answer at one moment: replaced as a whole, never changed."""

    champion: Served
    others: tuple[Served, ...] = ()

    @property
    def everybody(self) -> tuple[Served, ...]:
        return self.champion, *self.others

    def named(self) -> Mapping[str, Served]:
        """By version, and by name where the version is not given; of one name the champion counts, then the newest."""
        found: dict[str, Served] = {}
        for served in self.everybody:
            found.setdefault(served.manifest.version, served)
            found.setdefault(served.manifest.model, served)
        return found


class ServedModels:
    """The champion and other versions side by side, each loaded and warmed before anybody can ask it.

    A change replaces one reference: a request that has begun keeps the predictor it got, and no request waits for a
    model to be loaded.

    Parameters
    ----------
    shelf : Shelf
    open_bundle : callable
        Makes the predictor of a bundle.
    metrics : ServiceMetrics
    side_by_side : int
        Most versions besides the champion to keep loaded.

    Raises
    ------
    BundleRejected
        If there is no champion, or it was changed or is not signed as it has to be.
    """

    def __init__(
        self,
        shelf: Shelf,
        open_bundle: Callable[[ModelBundle], Predictor],
        metrics: ServiceMetrics,
        side_by_side: int = 0,
    ) -> None:
        self._shelf = shelf
        self._open = open_bundle
        self._metrics = metrics
        self._side_by_side = side_by_side
        self._changing = threading.Lock()
        self._stamp: Stamp = ()
        self.trouble = ""
        """Why what lies on the shelf is not what is served; empty where it is."""
        self._appoint(_LineUp(self._load(shelf.champion, "champion")))

    def current(self) -> Predictor:
        """The champion's predictor."""
        return self._line_up.champion.predictor

    def of(self, version: str | None) -> Predictor:
        """Predictor of a version, or of the newest version of a name; the champion's for None.

        Raises
        ------
        UnknownModel
            If it is not loaded; those that are get named.
        """
        if version is None:
            return self.current()
        return self.find(version).predictor

    def find(self, version: str) -> Served:
        """The model of a version, or the newest of a name.

        Raises
        ------
        UnknownModel
            If it is not loaded; those that are get named.
        """
        served = self._named.get(version)
        if served is None:
            known = ", ".join(f"{each.manifest.model} {each.manifest.version}" for each in self.all())
            raise UnknownModel(f"No model {version[:80]!r} is served. Those that are: {known}.")
        return served

    def all(self) -> tuple[Served, ...]:
        """Every model that answers, the champion first."""
        return self._line_up.everybody

    def has_changed(self) -> bool:
        """Whether anything else lies on the shelf than when it was last read."""
        return self._shelf.stamp() != self._stamp

    def reload(self) -> Predictor:
        """Serve what lies on the shelf now; returns the predictor of the champion.

        Raises
        ------
        ModelRefused
            If the champion there cannot be served. The present one stays, and ``trouble`` says why.
        """
        with self._changing:
            # Looked at first: what changes meanwhile is seen the next time.
            self._stamp = self._shelf.stamp()
            try:
                champion = self._load(self._shelf.champion, "champion")
            except (ModelError, OSError) as error:
                served = self._line_up.champion.manifest.version
                self.trouble = f"{error} Model {served} is still served."
                self._metrics.reloads.labels("refused").inc()
                raise ModelRefused(self.trouble) from error
            self.trouble = ""
            # The champion answers before the others are loaded.
            self._appoint(replace(self._line_up, champion=champion))
            self._appoint(_LineUp(champion, self._beside(champion)))
            return champion.predictor

    def rollback(self, who: str = "over HTTP") -> Predictor:
        """Serve the champion before the present one, here at once and in every other worker when it looks.

        Parameters
        ----------
        who : str, optional
            Goes into the book of decisions.

        Raises
        ------
        NoPreviousModel
            If there was none.
        ModelRefused
            If it cannot be served any more.
        """
        self._shelf.step_back(who)
        return self.reload()

    def _renewed(self, folder: Path, role: Role) -> Served:
        """The model in a folder, loaded anew unless the same one is there already."""
        target = folder.resolve()
        for served in self._line_up.everybody:
            if served.folder == target and served.manifest.files == Manifest.read(target).files:
                return replace(served, role=role)
        return self._load(folder, role)

    def _load(self, folder: Path, role: Role) -> Served:
        target = folder.resolve()
        bundle = self._shelf.load(target)
        predictor = self._open(bundle)
        predictor.warm_up()
        return Served(predictor, bundle.manifest, target, role)

    def _beside(self, champion: Served) -> tuple[Served, ...]:
        found: dict[str, Served] = {}
        for folder, role in self._shelf.others():
            version = version_of(folder)
            if len(found) >= self._side_by_side:
                break
            if version is None or version == champion.manifest.version or version in found:
                continue
            try:
                found[version] = self._renewed(folder, role)
            except (ModelError, OSError) as error:
                logger.warning("%s It is not served beside the champion.", error)
        return tuple(found.values())

    def _appoint(self, line_up: _LineUp) -> None:
        self._named = line_up.named()
        before = getattr(self, "_line_up", line_up).champion.manifest
        self._line_up = line_up
        now = line_up.champion.manifest
        if now.version != before.version:
            self._metrics.reloads.labels("switched").inc()
            logger.info("%s %s answers now, after %s %s.", now.model, now.version, before.model, before.version)
        self._metrics.reigns(now.model, now.version, now.feature_fingerprint)
