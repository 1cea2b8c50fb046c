"""The log of a process is one JSON object a line, what nobody caught, too."""

import json
import subprocess
import sys

FAULTS = """
import http.client, logging, socket, threading, warnings
import uvicorn
from api.cli.keeper import _work
from api.cli.logs import configure_logs, log_uncaught
from api.limits.guarded import Guard, Limits, guarded

configure_logs("INFO")
log_uncaught()

async def broken(scope, receive, send):
    raise ZeroDivisionError("in a request")

def fail(where):
    raise ZeroDivisionError(where)

listening = socket.create_server(("127.0.0.1", 0))
server = uvicorn.Server(guarded(broken, Guard(Limits()), lifespan="off"))
serving = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
serving.start()
client = http.client.HTTPConnection(*listening.getsockname(), timeout=20)
client.request("GET", "/")
assert client.getresponse().status == 500
server.should_exit = True
serving.join()
thread = threading.Thread(target=fail, args=("in a thread",))
thread.start()
thread.join()
warnings.warn("of a library")
logging.getLogger("a library").log(35, "of a level between two")
logging.getLogger("a library").error("%d that is none", "one")
try:
    _work(fail, "in a process of ours")
except SystemExit as end:
    assert end.code == 1
fail("in the process")
"""


def test_every_line_is_json_after_faults_too() -> None:
    run = subprocess.run(
        [sys.executable, "-c", FAULTS], capture_output=True, text=True, timeout=60, check=False
    )
    lines = [json.loads(line) for line in run.stderr.splitlines()]
    told = {
        "in a request": "error",
        "in a thread": "critical",
        "of a library": "warning",
        "of a level between two": "warning",
        "that is none": "error",
        "in a process of ours": "critical",
        "in the process": "critical",
    }
    assert [*told.values()] == [line["level"] for line in lines]
    for where, line in zip(told, lines, strict=True):
        assert where in line.get("exception", line["event"])
    assert 1 == run.returncode
