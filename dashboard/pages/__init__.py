"""The pages of the control room: one a file, each with one function ``show``."""
