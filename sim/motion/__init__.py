"""Pedestrian models, one a file; ``MODELS`` lists them all."""

from typing import Final

from scenarios.population import Motion
from sim.motion.anticipation import Anticipation
from sim.motion.bodies import Bodies, MotionModel
from sim.motion.collision_free_speed import CollisionFreeSpeed
from sim.motion.social_force import SocialForce
from sim.motion.walls import Walls, build_walls, venue_walls

__all__ = ["DEFAULT_MODEL", "MODELS", "Bodies", "MotionModel", "Walls", "build_walls", "venue_walls"]

MODELS: Final[dict[str, type[MotionModel]]] = {
    "anticipation": Anticipation,
    "collision_free_speed": CollisionFreeSpeed,
    "social_force": SocialForce,
}
DEFAULT_MODEL: Final = Motion.ANTICIPATION.value
"""The one whose speeds over density fit people best; `docs/verification.md` has the table."""
