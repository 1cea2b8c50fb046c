"""The document as it is kept beside this module: reading it needs neither routes nor types."""

from importlib import resources


def published() -> str:
    """Return the text of the document that is published."""
    return kept("openapi.json")


def kept(name: str) -> str:
    """Return the text of a file beside this module."""
    return resources.files("api.openapi").joinpath(name).read_text("utf-8")
