"""Commands that look again and again: what passes is told, and tried again at the next turn."""

import time
from collections.abc import Callable
from contextlib import suppress

from ledger.runtime.faults import reason_of


def look_again(look: Callable[[], None], every: float) -> None:
    """Look every so many seconds, until something ends it that is no fault of the system.

    A disk that is full or was taken away comes back; where not even that can be said, it is not.
    Who reads what is said and has gone does not come back: that ends it.
    """
    while True:
        try:
            look()
        except BrokenPipeError:
            raise
        except OSError as error:
            where = f": {error.filename}" if error.filename else ""
            with suppress(OSError):
                print(f"{reason_of(error)}{where}; tried again in {every:g} s", flush=True)
        time.sleep(every)
