"""Reads server-sent events as a browser does (WHATWG HTML, 9.2.6), one connection a stream."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2

ENDLESS = "/v1/stream"
"""What is answered as long as somebody reads: tests that ask whatever can be asked leave it out."""


@dataclass
class Reader:
    """One client that follows: it remembers the id that it read last, and goes on from there."""

    url: str
    query: str = ""
    last_id: str = ""
    comments: int = 0
    told: list[tuple[str, Any]] = field(default_factory=list)

    @property
    def positions(self) -> list[int]:
        """Return the positions of the events, as they were told."""
        return [data["position"] for event, data in self.told if event == "message"]

    @contextmanager
    def connected(self, **headers: str) -> Iterator[httpx2.Response]:
        """Connect, with the id that was read last."""
        own = {"Last-Event-ID": self.last_id} if self.last_id else {}
        with (
            httpx2.Client(timeout=20) as client,
            client.stream(
                "GET", f"{self.url}{ENDLESS}{self.query}", headers={**own, **headers}
            ) as response,
        ):
            yield response

    def read(self, until: int = 1, comments: int = 0, **headers: str) -> httpx2.Response:
        """Connect and read until so many events are told in all, or so many comments came."""
        with self.connected(**headers) as response:
            for _ in self.events(response):
                if len(self.told) >= until and self.comments >= comments:
                    break
        return response

    def events(self, response: httpx2.Response) -> Iterator[None]:
        """Take in what comes, block by block; yield after each."""
        event, data = "message", list[str]()
        for line in response.iter_lines():
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if not line:
                if data:
                    self.told.append((event, json.loads("\n".join(data))))
                event, data = "message", []
                yield
            elif not name:
                self.comments += 1
            elif name == "id":
                self.last_id = value
            elif name == "event":
                event = value
            else:
                assert name == "data", line
                data.append(value)
