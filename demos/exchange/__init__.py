"""Datasets in the formats of other libraries, and back: LeRobot, robomimic, Minari.

Each format has a writer, from a `Shipment` to files, and a reader, from files to a `Shipment`, which in turn becomes a
dataset folder again. Axis letters: T steps, P points, A action size.
"""
