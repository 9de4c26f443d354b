"""Conversations written down as an organiser would tell them, and played: every line but the wire is the real thing.

`telephone` is a phone without a network, `grammar` reads a transcript, `stage` is the small installation it is played in, `given` what
can be set up there, `play` plays it and tells what went otherwise, `record` writes one down, `budget` counts its keys and seconds.
"""
