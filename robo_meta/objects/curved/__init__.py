"""Generated curved objects, each by its number: watertight meshes, and the convex pieces that fill them. Needs only
numpy, SciPy and no file."""
