"""What the types of events are called, in both languages."""

from api.describe.language import Language
from ledger.domain.registry import TOPICS


def event_name(topic: str, language: Language) -> str:
    """Return what a type of event is called, with its version or without; others as they are."""
    body = TOPICS.get(topic) or TOPICS.get(f"{topic}/1")
    if body is None:
        return topic
    return body.TITLE_VI if language == "vi" else body.TITLE
