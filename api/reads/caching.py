"""How long caches may keep what is answered."""

NO_STORE = {"Cache-Control": "no-store"}
"""It is another the next time."""

NO_CACHE = {"Cache-Control": "no-cache"}
"""It may be another the next time: an `ETag` says whether it is."""

FRESH = {"Cache-Control": "public, max-age=1"}
"""tlog-checkpoint: a cache may keep it for a few seconds at most."""

IMMUTABLE = {"Cache-Control": "public, max-age=31536000, immutable"}
"""Nothing of it ever changes."""
