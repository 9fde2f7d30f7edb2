"""What happens in a crowd, one kind a file; ``INCIDENTS`` lists them all."""

from collections.abc import Callable
from typing import Final

from scenarios.incident import IncidentKind
from sim.incidents.abandoned_bag import BagIncident
from sim.incidents.contract import Incident
from sim.incidents.surge import SurgeIncident

__all__ = ["INCIDENTS", "Incident"]

INCIDENTS: Final[dict[IncidentKind, Callable[..., Incident]]] = {
    IncidentKind.ABANDONED_BAG: BagIncident,
    IncidentKind.SURGE: SurgeIncident,
}
