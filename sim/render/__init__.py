"""Films a moving world: what one calibrated camera would have seen, and exactly what was where in the picture."""
