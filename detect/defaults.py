"""What watches when nothing else is said; imports nothing, so that the command line can name it."""

from typing import Final

__all__ = ["DETECTOR"]

DETECTOR: Final = "parvis"
"""A key of ``detect.detectors.DETECTORS``."""
