"""A headless browser that is told what to do, over its own pipe (Chrome DevTools protocol)."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BufferedReader
from itertools import count
from pathlib import Path
from typing import Any

WIRE = """
import os, sys
hear, tell = (os.dup(int(each)) for each in sys.argv[1:3])
for there, here in ((hear, 3), (tell, 4)):
    os.dup2(there, here)
    os.set_inheritable(here, True)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""What starts the browser with the two pipes at which it hears and tells: 3 and 4."""


class Browser:
    """One tab; what its console says is kept."""

    def __init__(self, told: int, heard: BufferedReader) -> None:
        """Speak into one pipe and listen at another."""
        self._told, self._heard = told, heard
        self._ids, self._buffer = count(1), b""
        self._loaded = False
        self.complaints: list[str] = []
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **parameters: Any) -> Any:
        """Return what the tab answers to a method."""
        return self._ask(method, self._session["sessionId"], **parameters)

    def visit(self, url: str) -> None:
        """Load a page, and wait until it is there."""
        self._loaded = False
        self.ask("Page.navigate", url=url)
        while not self._loaded or self.run("location.href") != url:
            self._hear()

    def leave(self, script: str) -> None:
        """Run what leads to another page, and wait until that is there."""
        self._loaded = False
        self.run(script)
        while not self._loaded:
            self._hear()

    def run(self, script: str) -> Any:
        """Return what an expression, or the promise that it is, comes to."""
        said = self.ask(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in said, said
        return said["result"].get("value")

    def _ask(self, method: str, session: str = "", **parameters: Any) -> Any:
        number = next(self._ids)
        of = {"sessionId": session} if session else {}
        said = json.dumps({"id": number, "method": method, "params": parameters, **of})
        os.write(self._told, said.encode() + b"\0")
        while (answer := self._hear()).get("id") != number:
            pass
        assert "error" not in answer, answer
        return answer["result"]

    def _hear(self) -> Any:
        said = json.loads(self._read())
        match said.get("method"):
            case "Page.loadEventFired":
                self._loaded = True
            case "Log.entryAdded":
                self.complaints.append(said["params"]["entry"]["text"])
            case "Runtime.exceptionThrown":
                self.complaints.append(str(said["params"]["exceptionDetails"]))
        return said

    def _read(self) -> bytes:
        while b"\0" not in self._buffer:
            more = self._heard.read1(1 << 16)
            assert more, "the browser has gone"
            self._buffer += more
        message, _, self._buffer = self._buffer.partition(b"\0")
        return message


@contextmanager
def browsing(chromium: str, profile: Path, *options: str) -> Iterator[Browser]:
    """Start a headless browser with a profile of its own; end it afterwards."""
    (to_read, to_tell), (to_hear, to_write) = os.pipe(), os.pipe()
    command: Sequence[str] = (
        *(chromium, "--headless", "--disable-gpu", "--disable-quic", "--no-first-run"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
        *(f"--user-data-dir={profile}", "--remote-debugging-pipe", *options),
        *(["--no-sandbox"] if os.geteuid() == 0 else []),
    )
    wired = [sys.executable, "-ISc", WIRE, str(to_read), str(to_write), *command]
    process = subprocess.Popen(
        wired,
        pass_fds=(to_read, to_write),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(to_read)
    os.close(to_write)
    try:
        with os.fdopen(to_hear, "rb") as heard:
            yield Browser(to_tell, heard)
    finally:
        process.terminate()
        process.wait(20)
        os.close(to_tell)
