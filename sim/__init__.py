"""Makes a world move and films it. Imports `scenarios` only."""
