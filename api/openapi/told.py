"""What an operation may be told instead of an answer: by status the codes, and their shape."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from api.openapi.kinds import DAY, Schema, reference
from api.openapi.shapes import record
from api.problems import LATER, MEDIA_TYPE, TITLES, UNAVAILABLE, refusal_status
from ledger.domain.refused import classes
from ledger.events.intake import CODES

EVERY_ANSWER = ("X-Request-Id", "RateLimit", "RateLimit-Policy")
"""Headers of every answer to a request."""

LISTED = 12
"""Codes that a description lists at most; the schema has all."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is told with one status; `refused`: by a rule, too, with what a refusal has."""

    name: str
    status: int
    says: str
    codes: tuple[str, ...]
    refused: bool = False

    @property
    def schema(self) -> Schema:
        """Return the shape of the problem."""
        return _problem(self.says, self.codes, self.status, refused=self.refused)

    @property
    def response(self) -> Schema:
        """Return the response."""
        listed = ", ".join(f"`{code}`" for code in self.codes[:LISTED])
        more = ", …" if len(self.codes) > LISTED else ""
        return {
            "description": f"{self.says}: {listed}{more} (docs/reference/refusals.md).",
            "content": {MEDIA_TYPE: {"schema": reference(f"{self.name}Problem")}},
            "headers": headers(
                (*EVERY_ANSWER, "Vary", *(("Retry-After",) if self.status in LATER else ()))
            ),
        }


_UNFIT = ("BAD_PARAMETER", "UNKNOWN_PARAMETER")
_LATER = ("NOT_FOLDED", *(code for code, *_ in UNAVAILABLE.values()))

BAD_PARAMETER = Told(
    "BadParameter",
    422,
    "A parameter is not of its form or not there, or the law in force is silent",
    (*_UNFIT, "LAW_SILENT"),
    refused=True,
)
THROTTLED = Told(
    "Throttled", 429, "More than the client's share", ("THROTTLED", "TOO_MANY_CONNECTIONS")
)
UNAVAILABLE_NOW = Told("Unavailable", 503, "Not now; ask again", _LATER)
NOT_FOUND = Told("NotFound", 404, "Nothing of that name is here", ("NOT_FOUND",))
NOT_WITNESSED = Told(
    "NotWitnessed", 404, "There is none, or none of that grade yet", ("NOT_FOUND", "NOT_WITNESSED")
)
TOO_MUCH = Told("TooLarge", 413, "Too much at once", ("TOO_LARGE",))
NO_LOG_KEYS = Told("NoLogKeys", 503, "Not now, or not by this process", (*_LATER, "NO_LOG_KEYS"))

EVERY = (BAD_PARAMETER, THROTTLED, UNAVAILABLE_NOW)
"""What every operation may be told."""


@cache
def written() -> tuple[Told, ...]:
    """Return what anyone who submits an event may be told."""
    by_rule: dict[int, list[str]] = {}
    for code, kind in sorted(classes().items()):
        by_rule.setdefault(refusal_status(kind), []).append(code)
    form = tuple(dict.fromkeys((*by_rule[422], *_UNFIT, *CODES)))
    return (
        Told(
            "Unsigned",
            403,
            "Signatures and keys do not do",
            (*by_rule[403], "ORIGIN"),
            refused=True,
        ),
        Told(
            "Stale",
            409,
            "Something has changed since the signers looked",
            (*by_rule[409],),
            refused=True,
        ),
        TOO_MUCH,
        Told("OtherMedia", 415, "The request has another media type", ("MEDIA_TYPE",)),
        Told("Refused", 422, "A rule forbids it, or it is no event", form, refused=True),
        Told(
            "NotJudged",
            500,
            "This software failed, not the event",
            (*by_rule[500], "INTERNAL"),
            refused=True,
        ),
    )


def headers(names: Iterable[str]) -> dict[str, Schema]:
    """Return what refers to headers by their names."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def components(told: Iterable[Told]) -> tuple[dict[str, Schema], dict[str, Schema]]:
    """Return schemas and responses by name, with those of what any request may be told."""
    each_once = {each.name: each for each in told}
    every = tuple(dict.fromkeys(code for each in each_once.values() for code in each.codes))
    codes = tuple(dict.fromkeys((*TITLES, "THROTTLED", "INTERNAL", *_LATER, *CODES)))
    schemas = {
        "Problem": _problem("Why not (RFC 9457).", codes),
        "Refusal": _problem(
            "Why an event is not recorded (RFC 9457).",
            tuple(dict.fromkeys((*every, *codes))),
            refused=True,
        ),
        **{f"{name}Problem": each.schema for name, each in each_once.items()},
    }
    responses = {
        "Problem": {
            "description": "What any request may be told, whatever it asks: `BAD_HTTP`, `ORIGIN`, "
            "`METHOD`, `TOO_SLOW`, `EXPECTATION`, `HOST`, `HEAD_TOO_LARGE`, `INTERNAL`, "
            "`TRANSFER_CODING` (docs/reference/refusals.md).",
            "content": {MEDIA_TYPE: {"schema": reference("Problem")}},
            "headers": headers((*EVERY_ANSWER, "Vary", "Allow")),
        },
        **{name: each.response for name, each in each_once.items()},
    }
    return schemas, responses


def _problem(
    says: str, codes: tuple[str, ...], status: int | None = None, *, refused: bool = False
) -> Schema:
    number = {"type": "integer", "description": "The status of the response."}
    optional = {**_MEMBERS, **(_OF_A_REFUSAL if refused else {})}
    return record(
        says,
        optional,
        type=_text(
            "The page that says what the code means: a path of this server, ends in the code."
        ),
        title=_text("The code in words, in the language that was asked for."),
        status=number if status is None else number | {"const": status},
        code={"type": "string", "enum": [*codes], "description": "Stable, never translated."},
        detail=_text("What is the matter here: value, place and next step."),
    )


def _text(says: str) -> Schema:
    return {"type": "string", "description": says}


def _texts(says: str) -> Schema:
    return {"type": "array", "items": {"type": "string"}, "description": says}


_MEMBERS: Mapping[str, Schema] = {
    "request_id": _text(
        "Of the request, as in `X-Request-Id`, and where the server's log tells of it."
    ),
    "pointer": _text("Where in the payload (RFC 6901)."),
    "parameter": _text("Of the request, that was refused."),
    "value": _text("Its beginning, as it was sent."),
    "near": _texts("What it may have been meant to be."),
    "retry_after_s": {"type": "integer", "description": "In bulk: seconds to wait."},
}

_OF_A_REFUSAL: Mapping[str, Schema] = {
    "positions": {
        "type": "array",
        "items": {"type": "integer"},
        "description": "Of the events that forbid.",
    },
    "subjects": _texts("What the refusal is about."),
    "article": _text("The law, where the law is the reason."),
    "rule": record(
        "The rule of law that decided, where one did.",
        rule=_text("Its name in the law data."),
        instrument=_text("Where it stands."),
        article=_text("Its article there."),
        valid_from=DAY | {"description": "Since when it is in force."},
    ),
    "remedy": reference("Remedy"),
    "final": {
        "type": "boolean",
        "const": True,
        "description": "These bytes are refused for good: sign a new event.",
    },
    "refusal": _text("The refusal as a signed note (docs/spec/statement.md): keep it."),
}
