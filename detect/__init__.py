"""Watches pictures, simulated or real. Never imports `sim`; only `detect.score` may read the truth."""
