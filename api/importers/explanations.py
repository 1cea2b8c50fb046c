"""What the codes in an import's table mean, for the clerk who reads it."""

from collections.abc import Mapping

MEANINGS: Mapping[str, str] = {
    "admitted": "recorded, and answered with a receipt",
    "replayed": "recorded by an earlier run; this is its first receipt",
    "RELEASE_MISMATCH": "it releases what the security at that position does not charge; "
    "the lien stays until a corrected release comes",
    "RELEASE_BY_STRANGER": "who releases, or passes on, is not the creditor of that security",
    "CHAIN_GAP": "its assignor never appears as owner: a record is missing, or a name is misspelt",
    "NOT_OWNER": "its assignor gave the right away by the event at that position",
    "PREDECESSOR_UNKNOWN": "the record that it is about is not in the log, or it names none: "
    "import that one first, or link it in the mapping file",
    "PARTY_BY_NAME": "a name in it is nobody's by the clerk's word; the position is that of a name "
    "spelt nearly so: map it, to the same party or to one of its own",
    "BACKDATED": "the office recorded it before a transfer that is attested already: "
    "import a set whole, in the order of the office",
    "FUTURE_FACT": "somebody signed after the day on which the office recorded it, or it is of a "
    "day to come",
    "CONTENT_MISSING": "the record lacks what an event must say; not sent",
    "KIND_UNKNOWN": "its words are of no conveyance of title or of a lien, or what was published "
    "is no title; not sent",
    "MALFORMED": "the line, or a value in it, is not of the form of a record; not sent",
    "RECORD_PURGED": "the office has purged the record, so that it proves nothing; not sent",
    "PART_IN_WORDS": "its words say more than that all passes (a part, a condition, that it is "
    "undone), or those of an earlier record do: an event would pass all of it, so it is not sent",
    "OWNER_UNKNOWN": "of several debtors, or since a part passed, nobody knows who owns it: it is "
    "not filed, and records are attested without it",
    "FILING_REFUSED": "the right that it is about was not filed, so nothing is sent about it: "
    "the ledger may know another right by that number",
    "NOT_CARRIED": "it says what a contract here cannot, and would lie without; not sent",
    "ENTRY_TOO_LARGE": "it names more applications than one entry holds; not sent",
    "RECORD_EXISTS": "the record is attested already, or stands in the file twice",
    "RIGHT_EXISTS": "the application was filed before, by another event",
    "SUBJECT_EXISTS": "the name was vouched for before, by another event",
    "PERSONAL_DATA_IN_EVENT": "a text in it identifies a person, and the log forgets nothing",
    "LIEN_COVENANT": "a perfected security forbids to assign, and its creditor has not signed",
    "COVENANT_BREACH": "an owner promised a fund not to pledge the right without it",
    "FROZEN": "a forum has frozen the title",
}
"""By outcome: a status, or the code of a refusal. `docs/reference/refusals.md` has all codes."""


def meaning(outcome: str) -> str:
    """Return the sentence for an outcome."""
    return MEANINGS.get(outcome, "refused by a rule: see the reason beside the record")
