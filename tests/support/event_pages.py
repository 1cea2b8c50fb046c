"""
The pages of `docs/reference/events`, as they have to be; `tests.support.event_types` writes them.

Of `events.md` what stands between two marks is generated, the rest is written by hand.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from api.describe.event_types import (
    EventType,
    EventTypeName,
    RefusalType,
    describe_event_type,
    list_types,
)

INDEX = Path(__file__).parents[2] / "docs" / "reference" / "events.md"
FOLDER = INDEX.with_suffix("")
PARTS = FOLDER / "parts.md"

GENERATED = "<!-- Generated: python -m tests.support.event_types -->\n"
MARKED = re.compile("(<!-- (any|all) -->\n).*?(<!-- /\\2 -->\n)", re.DOTALL)


def pages() -> Mapping[Path, str]:
    """Return the text of each page."""
    families = {
        family: [describe_event_type(each.topic) for each in named]
        for family, named in groupby(sorted(list_types().types, key=_family), _family)
    }
    parts = {
        name: part
        for types in families.values()
        for each in types
        for name, part in each.schema["$defs"].items()
    }
    between = {"any": f"{_codes(list_types().refusals)}\n", "all": _index(families)}
    written = INDEX.read_text("utf-8")
    return {
        INDEX: MARKED.sub(lambda mark: f"{mark[1]}{between[mark[2]]}{mark[3]}", written),
        PARTS: f"# Parts of events\n\n{GENERATED}\nObjects that stand in [events](../events.md).\n"
        + "".join(_part(name, parts[name]) for name in sorted(parts)),
        **{FOLDER / f"{family}.md": _page(family, types) for family, types in families.items()},
    }


def _family(named: EventTypeName) -> str:
    return named.family


def _index(families: Mapping[str, list[EventType]]) -> str:
    rows = [
        f"| [`{each.topic}`](events/{family}.md#{_anchor(each.topic)}) | {_cell(each.says)} |"
        for family, types in families.items()
        for each in types
    ]
    return "| type | says |\n|---|---|\n" + "\n".join(sorted(rows)) + "\n"


def _anchor(topic: str) -> str:
    return topic.replace(".", "").replace("/", "")


def _page(family: str, types: Iterable[EventType]) -> str:
    head = (
        f"# Events: {family}\n\n{GENERATED}\n[How to read this](../events.md#how-to-read-a-page).\n"
    )
    return head + "".join(map(_section, types))


def _section(each: EventType) -> str:
    body = each.schema["properties"]["body"]
    row = {
        name: getattr(each.signers, name)
        for name in ("signers", "may", "commits", "waits", "opposed")
    }
    told = "; ".join(f"{name} `{words}`" for name, words in row.items() if words)
    lines = [
        f"\n## `{each.topic}`\n",
        f"{each.title.en}: {each.says}".replace("\n", "\n\n") + "\n",
        f"Module `{each.module}`; in Vietnamese: {each.title.vi}.\n",
        _members(body),
        f"*Signed by* {each.signers.says}\\\n{told}\n",
        f"*About* {', '.join(f'`{word}`' for word in each.subjects)}\n",
    ]
    if each.references:
        lines.append(f"*Refers to* {', '.join(f'`{path}`' for path in each.references)}\n")
    lines.append(f"*Refused by* {_codes(each.refusals) or 'no rule of its own'}\n")
    example = json.dumps(each.example["body"], indent=1, ensure_ascii=False)
    return "\n".join([*lines, f"```json\n{example}\n```\n"])


def _codes(refusals: Iterable[RefusalType]) -> str:
    return ", ".join(f"`{each.code}`" for each in refusals)


def _part(name: str, part: dict[str, Any]) -> str:
    return f"\n## {name}\n\n{part['description']}\n\n{_members(part)}"


def _members(schema: dict[str, Any]) -> str:
    required = schema.get("required", ())
    rows = [
        f"| `{name}` | {_cell(_type(member))} | {'yes' if name in required else 'no'} |"
        f" {_cell(member['description'])} |"
        for name, member in schema["properties"].items()
    ]
    return "| member | type | required | says |\n|---|---|---|---|\n" + "\n".join(rows) + "\n"


def _cell(text: str) -> str:
    return text.partition("\n")[0].replace("|", "\\|")


def _type(schema: dict[str, Any]) -> str:
    """Return in words what values a schema allows."""
    return next(say for mark, say in _SAID.items() if mark in schema)(schema)


def _ref(schema: dict[str, Any]) -> str:
    name = schema["$ref"].rpartition("/")[2]
    least = " (not negative)" if "properties" in schema else ""
    return f"[{name}](parts.md#{name.lower()}){least}"


def _text_like(schema: dict[str, Any]) -> str:
    inner = schema["pattern"].removeprefix("^").removesuffix("$")
    kind, _, rest = inner.partition(":")
    if rest == "[a-z0-9.-]{1,80}":
        return "id of any kind" if kind == "[a-z]+" else f"id `{kind}:…`"
    return "hash" if inner == "sha256:[0-9a-f]{64}" else f"text `{inner}`"


def _by_kind(schema: dict[str, Any]) -> str:
    match schema["type"]:
        case "array":
            least = f" (at least {schema['minItems']})" if schema.get("minItems") else ""
            once = " (each once)" if schema.get("uniqueItems") else ""
            return f"list of {_type(schema['items'])}{least}{once}"
        case "integer" if "maximum" in schema:
            return f"integer ({schema['minimum']:,} to {schema['maximum']:,})"
        case "integer" if "minimum" in schema:
            return f"integer ({schema['minimum']:,} or more)"
        case "string" if "maxLength" in schema:
            return f"text ({schema['minLength']} to {schema['maxLength']:,} characters)"
        case kind:
            return {"string": "text"}.get(kind, kind)


_SAID: Mapping[str, Callable[[dict[str, Any]], str]] = {
    "anyOf": lambda schema: " or ".join(dict.fromkeys(map(_type, schema["anyOf"]))),
    "$ref": _ref,
    "enum": lambda schema: " or ".join(f"`{value}`" for value in schema["enum"]),
    "const": lambda schema: f"`{schema['const']}`",
    "maxItems": lambda _schema: "fraction",
    "format": lambda schema: {"date": "day", "date-time": "instant"}[schema["format"]],
    "pattern": _text_like,
    "type": _by_kind,
}
"""By what a schema has: the first that it has says it."""
