"""What routes declare of their answers: the types that they are written from, nothing twice."""

from typing import Any

from api.openapi.told import Told

JSON = "application/json"
TEXT = "text/plain"
BYTES = "application/octet-stream"

COMPRESSED = (JSON, "application/problem+json", "application/atom+xml", "text/")
"""How the media types of answers begin that may be compressed."""


class Declared(dict[str, Any]):
    """A response of an operation: `kinds` are types of answers, or names of shapes."""

    def __init__(
        self, says: str, *kinds: Any, media_type: str, headers: tuple[str, ...] = ()
    ) -> None:
        super().__init__(description=says)
        self.kinds, self.media_type, self.headers = kinds, media_type, headers


Responses = dict[int | str, dict[str, Any]]


def answers(*kinds: Any, told: tuple[Told, ...] = (), status: int = 200) -> Responses:
    """Return the responses of a read that is answered by one of these types, as JSON."""
    return declared(
        "The answer, with its ETag", *kinds, told=told, status=status, headers=("ETag",)
    )


def declared(
    says: str,
    *kinds: Any,
    media_type: str = JSON,
    headers: tuple[str, ...] = (),
    told: tuple[Told, ...] = (),
    status: int = 200,
) -> Responses:
    """Return the responses of any other: `kinds` none are bytes, or a text, of the media type."""
    success = Declared(says, *kinds, media_type=media_type, headers=headers)
    responses: Responses = {status: success}
    responses.update((each.status, Problem(each)) for each in told)
    return responses


class Problem(dict[str, Any]):
    """A problem that an operation may be told beside those of all."""

    def __init__(self, told: Told) -> None:
        super().__init__(description=told.says)
        self.told = told
