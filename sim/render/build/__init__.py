"""Builds the atlas of figures; needs the extra `figures`. Nothing at run time imports it."""
