"""Pedestrian models, one a file; ``MODELS`` lists them all."""

from typing import Final

from sim.motion.anticipation import Anticipation
from sim.motion.bodies import Bodies, MotionModel
from sim.motion.collision_free_speed import CollisionFreeSpeed
from sim.motion.walls import Walls, build_walls, venue_walls

__all__ = ["MODELS", "Bodies", "MotionModel", "Walls", "build_walls", "venue_walls"]

MODELS: Final[dict[str, type[MotionModel]]] = {
    "anticipation": Anticipation,
    "collision_free_speed": CollisionFreeSpeed,
}
