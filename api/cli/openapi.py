"""`techledger openapi`: the document from which clients are generated."""

from api.openapi.published import published


def openapi() -> None:
    """Print the OpenAPI document that every ledger of this version serves; it asks no server."""
    print(published(), end="")
