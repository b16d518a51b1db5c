"""The models that are there, as clients hear of them: those that answer, those that could, and their cards."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from algotrade.errors import BundleRejected
from algotrade.inference.models import Role, Served, Shelf
from algotrade.inference.problems import UnknownModel
from algotrade.inference.schemas import ListedModel, ModelDescription, ModelDetail
from algotrade.models.manifest import MANIFEST_FILE, Manifest

logger = logging.getLogger(__name__)
_MOST_SHOWN = 80


@dataclass(frozen=True)
class _Known:
    manifest: Manifest
    role: Role
    served: bool

    def answers_to(self, name: str) -> bool:
        return name in {self.manifest.version, self.manifest.model} or name == self.role == "champion"


@dataclass(frozen=True)
class Catalogue:
    """The models that answer, and those that lie beside them on the shelf.

    Attributes
    ----------
    shelf : Shelf
    served : callable
        The models that answer now, the champion first.
    """

    shelf: Shelf
    served: Callable[[], tuple[Served, ...]]

    def listed(self) -> tuple[ListedModel, ...]:
        """Each version once: the champion first, then whatever else answers, then what could."""
        return tuple(_listed(each) for each in self._known())

    def detail(self, name: str) -> ModelDetail:
        """All about the model of a version or a name, the first of those that are listed, or about the ``champion``.

        Raises
        ------
        UnknownModel
            If there is none.
        """
        for known in self._known():
            if known.answers_to(name):
                return self._detail(known)
        raise UnknownModel(
            f"There is no model {name[:_MOST_SHOWN]!r}. Ask for `champion`, or a version or name of GET /models."
        )

    def _known(self) -> Iterator[_Known]:
        seen: set[str] = set()
        for served in self.served():
            seen.add(served.manifest.version)
            yield _Known(served.manifest, served.role, served=True)
        for folder, role in self.shelf.others():
            manifest = _manifest_in(folder)
            if manifest is not None and manifest.version not in seen:
                seen.add(manifest.version)
                yield _Known(manifest, role, served=False)

    def _detail(self, known: _Known) -> ModelDetail:
        manifest = known.manifest
        return ModelDetail(
            **_listed(known).model_dump(),
            exchange=manifest.exchange,
            training_start=manifest.training_start,
            created_time=manifest.created_time,
            label=manifest.label,
            git_commit=manifest.git_commit,
            data_digest=manifest.data_digest,
            settings=manifest.settings,
            libraries=manifest.libraries,
            fold_scores=manifest.fold_scores,
            card_markdown=self._card_of(manifest),
        )

    def _card_of(self, manifest: Manifest) -> str | None:
        """The page that the training wrote about a version."""
        if self.shelf.models is None:
            return None
        page = self.shelf.models / "cards" / f"{manifest.model}-{manifest.version}.md"
        return page.read_text() if page.is_file() else None


def _listed(known: _Known) -> ListedModel:
    return ListedModel(
        **ModelDescription.of(known.manifest).model_dump(),
        role=known.role,
        served=known.served,
        trained_until=known.manifest.training_end,
        card=f"/models/{known.manifest.version}",
    )


def _manifest_in(folder: Path) -> Manifest | None:
    """Manifest of a bundle, None where there is no whole one."""
    try:
        return _read(folder.resolve(), (folder / MANIFEST_FILE).stat().st_mtime_ns)
    except FileNotFoundError:
        return None
    except BundleRejected as error:
        logger.warning("%s It is not listed.", error)
        return None


@lru_cache(maxsize=64)
def _read(folder: Path, modified_ns: int) -> Manifest:  # noqa: ARG001 - another time is another file
    return Manifest.read(folder)
