"""What the environment sets, held to what settings there are, before a command runs."""

import os

from pydantic import ValidationError

from ledger.home.settings import Settings, must_know
from ledger.quoted import quoted
from ledger.wire.told import Told


class WrongSetting(Told):
    """A setting that is not what it should be."""

    exit_code = 2


def log_level() -> str:
    """Return the level of the log. Raises `UnknownVariable`, `WrongSetting`."""
    must_know(os.environ)
    try:
        return Settings().log_level
    except ValidationError as error:
        raise WrongSetting(_wrong(error)) from None


_WANTED = {
    "int": "a whole number is wanted",
    "float": "a number is wanted",
    "greater_than": "more than {gt} is wanted",
    "greater_than_equal": "{ge} or more is wanted",
    "less_than_equal": "{le} at most is wanted",
    "literal_error": "it is {expected}",
}
"""What a setting should be, by the first words of what pydantic calls it that it is not."""


def _wrong(error: ValidationError) -> str:
    """Say of the first setting that is none which one it is, what it is, and what is wanted."""
    first = error.errors(include_url=False)[0]
    kind, given = first["type"], first.get("ctx", {})
    wanted = _WANTED.get(kind, _WANTED.get(kind.partition("_")[0], first["msg"])).format(**given)
    name = f"LEDGER_{first['loc'][0]}".upper()
    return f"{name}={quoted(first['input'])}: {wanted}; docs/reference/settings.md lists them"
