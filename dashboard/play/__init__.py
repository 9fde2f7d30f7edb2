"""A scenario that is played by hand: its session, its views, and the window that they are shown in."""
