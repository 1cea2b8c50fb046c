"""Clients that nobody here wrote, against bytes of ours: `.ci/run --foreign`.

They come from their packages, each into an environment of its own under `.foreign/`, so that none
of them can lean on ours. Where one cannot be installed, its tests fail: a lane that is silent about
a missing client would prove nothing.
"""
