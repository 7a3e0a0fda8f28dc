"""Everything that talks to PyBullet."""
