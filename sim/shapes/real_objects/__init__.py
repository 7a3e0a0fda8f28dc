"""The split `real-objects`: scanned and third-party meshes that come with the package, for testing and no choice.

`objects.npz` holds them, `frozen.py` which they are, `NOTICE.md` who made them and under which licence.
They lie here, in `sim`, because they are part of the world as the shipped families are: whoever draws tasks of the
split, a worker process or a bare environment too, needs no other package for it, and nobody has to register them.
"""
