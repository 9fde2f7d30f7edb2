"""What happens in a crowd, one kind a file; ``INCIDENTS`` lists them all."""

from collections.abc import Callable
from typing import Final

from scenarios.incident import IncidentKind
from sim.incidents.abandoned_bag import BagIncident
from sim.incidents.bag_handover import HandoverIncident
from sim.incidents.bag_theft import TheftIncident
from sim.incidents.bin_bag import BinBagIncident
from sim.incidents.contract import Incident
from sim.incidents.crouch import CrouchIncident
from sim.incidents.encampment import EncampmentIncident
from sim.incidents.evacuation import EvacuationIncident
from sim.incidents.fire import FireIncident
from sim.incidents.gate_change import GateChangeIncident
from sim.incidents.light import LightIncident
from sim.incidents.obstacle_move import ObstacleMoveIncident
from sim.incidents.person_down import PersonDownIncident
from sim.incidents.surge import SurgeIncident
from sim.incidents.wrong_way import WrongWayIncident
from sim.incidents.zone_intrusion import IntrusionIncident

__all__ = ["INCIDENTS", "Incident"]

INCIDENTS: Final[dict[IncidentKind, Callable[..., Incident]]] = {
    IncidentKind.ABANDONED_BAG: BagIncident,
    IncidentKind.SURGE: SurgeIncident,
    IncidentKind.PERSON_DOWN: PersonDownIncident,
    IncidentKind.CROUCH: CrouchIncident,
    IncidentKind.ZONE_INTRUSION: IntrusionIncident,
    IncidentKind.WRONG_WAY: WrongWayIncident,
    IncidentKind.FIRE: FireIncident,
    IncidentKind.LIGHT: LightIncident,
    IncidentKind.BAG_HANDOVER: HandoverIncident,
    IncidentKind.BAG_THEFT: TheftIncident,
    IncidentKind.BIN_BAG: BinBagIncident,
    IncidentKind.ENCAMPMENT: EncampmentIncident,
    IncidentKind.EVACUATION: EvacuationIncident,
    IncidentKind.GATE_CHANGE: GateChangeIncident,
    IncidentKind.OBSTACLE_MOVE: ObstacleMoveIncident,
}
