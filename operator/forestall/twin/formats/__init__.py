"""Documents of networks: `load` reads them, whatever they hold, and `export` writes them."""

from forestall.twin.defects import Defect
from forestall.twin.formats.documents import Format, load
from forestall.twin.formats.draft import Limits, Loaded
from forestall.twin.formats.report import UnreadableTopologyError

__all__ = ["Defect", "Format", "Limits", "Loaded", "UnreadableTopologyError", "load"]
