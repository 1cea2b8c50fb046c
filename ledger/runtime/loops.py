"""
Every thread and every process of ours that works on its own is looked after here.

A loop takes one step after another. What a step raises is judged by `ledger.runtime.faults`: a
contradiction ends the loop and is told; anything else is tried again, with back-off. How each loop
stands can be asked at any time: readiness and metrics do.
"""

import threading
import time
from collections.abc import Callable

import structlog

from ledger.runtime.faults import Fault, fault_of, reason_of

BACKOFF_S = (0.05, 2.0)
"""The first and the longest pause, in seconds, after a step that failed."""

_log = structlog.get_logger(__name__)


class Loop:
    """One thread that takes `step` after `step`, until it is stopped.

    A step returns how long to wait for the next, in seconds, or None: until it is woken. `ended`
    hears of the contradiction that ended the loop. With `last` a stop is followed by one more step.
    """

    def __init__(
        self,
        name: str,
        step: Callable[[], float | None],
        *,
        ended: Callable[[BaseException], None] = lambda _: None,
        last: bool = False,
    ) -> None:
        self.name = name
        self.error: BaseException | None = None
        self.failing_since: float | None = None  # time.monotonic(), as of the next line too.
        self.step_began: float | None = None
        self.restarts = 0
        self._failures = 0
        self._step, self._ended, self._last = step, ended, last
        self._wake, self._stopped = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def alive(self) -> bool:
        """Whether its thread runs."""
        return self._thread.is_alive()

    @property
    def started(self) -> bool:
        """Whether it was ever started."""
        return self._thread.ident is not None

    @property
    def stopping(self) -> bool:
        """Whether it was told to stop."""
        return self._stopped.is_set()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Have the next step taken now. Never blocks; a step that failed waits all the same."""
        self._wake.set()

    def pause(self, seconds: float) -> None:
        """Stand still within a step, woken by a stop alone."""
        self._stopped.wait(seconds)

    def stop(self) -> None:
        """Finish the step under way and end the thread."""
        self._stopped.set()
        self._wake.set()
        if self.started:
            self._thread.join()

    def _run(self) -> None:
        stopping = False
        while not stopping:
            stopping = self._stopped.is_set()
            if stopping and not self._last:
                return
            self._wake.clear()
            pause, error = self._attempt()
            if error is None:
                self._succeeded()
            elif self._failed(error):
                return
            if error is not None and not stopping:
                self._stopped.wait(self._back_off())
            elif not stopping:
                self._wake.wait(pause)

    def _attempt(self) -> tuple[float | None, Exception | None]:
        self.step_began = time.monotonic()
        try:
            return self._step(), None
        except Exception as error:  # noqa: BLE001  (judged in one place)
            return None, error
        finally:
            self.step_began = None

    def _failed(self, error: Exception) -> bool:
        """Note that a step failed; say whether that is the end."""
        fault, known = fault_of(error), self.error
        began = known is None or fault_of(known) is not fault
        self.error = error
        self.restarts += 1
        if self.failing_since is None:
            self.failing_since = time.monotonic()
        if fault is Fault.CONTRADICTION:
            self._ended(error)
            return True
        if began:
            say = _log.warning if fault is Fault.PASSES else _log.critical
            detail = {} if fault is Fault.PASSES else {"exc_info": error}
            say(
                "worker_failing",
                worker=self.name,
                fault=fault.value,
                why=reason_of(error),
                **detail,
            )
        return False

    def _succeeded(self) -> None:
        if self.failing_since is not None:
            lasted = round(time.monotonic() - self.failing_since, 3)
            self.error, self.failing_since = None, None
            self._failures = 0
            _log.warning("worker_goes_on", worker=self.name, after_s=lasted)

    def _back_off(self) -> float:
        first, longest = BACKOFF_S
        self._failures = min(self._failures + 1, 10)
        return min(longest, first * 2.0 ** (self._failures - 1))
