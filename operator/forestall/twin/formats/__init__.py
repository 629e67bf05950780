"""Documents of networks: `load` reads them, whatever they hold, and `export` writes them."""

from forestall.twin.defects import Defect
from forestall.twin.formats.documents import Format, Written, export, load
from forestall.twin.formats.draft import Limits, Loaded
from forestall.twin.formats.matrices import LoadedDemands, load_demands
from forestall.twin.formats.networkx_graphs import from_networkx, to_networkx
from forestall.twin.formats.report import UnreadableTopologyError

__all__ = [
    "Defect",
    "Format",
    "Limits",
    "Loaded",
    "LoadedDemands",
    "UnreadableTopologyError",
    "Written",
    "export",
    "from_networkx",
    "load",
    "load_demands",
    "to_networkx",
]
