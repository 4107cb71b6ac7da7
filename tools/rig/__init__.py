"""The rig: real schedulers with mixed cards on this one computer, for tests, demo and the curious.

A Slurm of five nodes and three vendors' cards, with or without accounting; a second one with 4,000
nodes and 32,000 cards; and a Grid Engine.  Each lives in a folder of its own, listens on loopback
only, and is gone when it is stopped.  It needs root and Debian's packages.
"""
