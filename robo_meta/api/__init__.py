"""The public functions of robo_meta, handed on by `import robo_meta`.

Policies and support sets live in the object's frame, environments and recorded demonstrations in the world's.
Everything here converts, so that a policy can't be driven in the wrong one. Physics, gymnasium and torch come in when
they are needed.
"""
