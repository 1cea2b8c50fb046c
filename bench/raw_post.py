"""
The least that a POST can cost here: FastAPI reads a raw body, does nothing, answers 201.

`python -m bench.raw_post PORT` serves it with one worker, set up like the ledger's own server.
"""

import sys

import uvicorn
from fastapi import FastAPI, Request, Response

app = FastAPI()


@app.post("/v1/events")
async def take(request: Request) -> Response:
    """Read the body and forget it."""
    await request.body()
    return Response(b"{}", status_code=201, media_type="application/json")


if __name__ == "__main__":
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
