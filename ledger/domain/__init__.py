"""The rules: what may be said, by whom, and what follows from it.

Pure functions; read `event` first, then `admission`, then the module of any subject.
"""
