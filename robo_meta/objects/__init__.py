"""A user's own meshes: from files to bodies that rest on the table, and the library they are kept in.

Axis letters: V vertices, F faces, P convex pieces, C corners of a piece. Frames: *file*, as the mesh file has it, in m;
*rest*, z up, lowest point at z = 0, origin in the middle of the bounding box in the plane, long axis along x.

Importing needs `pip install "robo-meta[meshes]"`; reading a library that is finished needs only numpy.
"""
