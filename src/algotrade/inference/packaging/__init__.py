"""The service in a box: ``staging`` gathers its parts, ``requirements`` what they need, ``build`` makes a Bento."""

from algotrade.inference.packaging.build import Built, build_bento, version_of
from algotrade.inference.packaging.requirements import serving_requirements

__all__ = ["Built", "build_bento", "serving_requirements", "version_of"]
