"""
What answers say, in words: one describer for pages, terminal and paper, in Vietnamese and English.

`describe` takes the type of an answer and its members as JSON, the one form in which every surface
has it: a server writes it from the dataclass, a client reads it from the network or from a file.
Nothing here needs a database or a server, so that a terminal starts as fast as before.
"""
