"""How a real camera becomes a calibrated one: from clicked points, from the heights of people, or from a file."""
