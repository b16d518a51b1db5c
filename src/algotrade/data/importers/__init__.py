"""Candle files as people have them, one format a module.

`read_folder` reads a folder of files in any mixture of the formats in `IMPORTERS`. To teach it another
format, put a module here whose class has a ``title``, ``recognise`` and ``read`` (see `Importer`) and
register an instance; nothing else needs to know.
"""

from algotrade.data.importers.base import IMPORTERS, CandleFile, FileCandles, Importer
from algotrade.data.importers.folder import ImportedCandles, read_folder

__all__ = ["IMPORTERS", "CandleFile", "FileCandles", "ImportedCandles", "Importer", "read_folder"]
