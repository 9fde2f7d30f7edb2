"""People and things drawn from their posed meshes: who is where in which pose, painted, with shadows and reflections.

Every figure is rasterised anew for every picture, from a mesh whose key poses are kept. Nothing is stored as a
picture, so that perspective, lens, heading and gait are exact to the sub-pixel and nothing ever jumps between views.
"""
