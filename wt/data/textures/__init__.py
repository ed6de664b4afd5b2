"""Solid and box-projected textures: callables (points [n,3] in metres, unit normals [n,3]) -> linear rgb [n,3].

Points and normals are those of the object's own frame.

Each maker draws its free choices (scale, offset, second colour) from `rng` once; the texture it returns is a pure
function. `colour` (a name, linear rgb, or None for a fitting palette) sets the dominant colour.
"""
