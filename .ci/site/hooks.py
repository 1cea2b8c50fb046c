"""What the documents need to be a site: contents from their index, links that stay inside."""

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)")
CODE = re.compile(r"(^```(?s:.*?)^```$|^ {4}.*$)", re.MULTILINE)
HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
INDEX, DECISIONS, IN_ENGLISH = "README.md", "Decisions", "Chỉ có bản tiếng Anh"

UNTRANSLATED = """
!!! note "Trang này chưa có bản tiếng Việt"
    Dưới đây là bản tiếng Anh. Những trang đã có bản tiếng Việt: [mục lục](%s).

"""


def on_config(config: Any) -> Any:
    """Have the table of contents follow the index of the language that is built."""
    docs, language = Path(config["docs_dir"]), _language(config)
    nav = _contents(docs / _in(language, INDEX))
    if language != "en":  # What is not translated is there, too, behind the rest.
        there, every = {*_flat(nav)}, _flat(_contents(docs / INDEX))
        nav.append({IN_ENGLISH: [each for each in every if each not in there]})
    config["nav"] = nav
    return config


def _contents(index: Path) -> list[Any]:
    first, *sections = HEADING.split(index.read_text("utf-8"))
    return [INDEX, *_pages(first), *map(_section, sections[::2], sections[1::2])]


def _section(heading: str, text: str) -> dict[str, list[Any]]:
    """Return a section of the contents; decisions are one of their own in it."""
    pages = _pages(text)
    decisions = [each for each in pages if each.startswith("decisions/")]
    rest: list[Any] = [each for each in pages if each not in decisions]
    return {heading: rest + ([{DECISIONS: decisions}] if decisions else [])}


def _pages(text: str) -> list[str]:
    """Return the pages that a part of an index leads to, each once, by their English files."""
    found = (link.partition("#")[0] for _, link in LINK.findall(text) if _is_inside(link))
    pages = dict.fromkeys(each.replace(".vi.md", ".md") for each in found)
    return [each for each in pages if each != INDEX]


def _flat(nav: Any) -> Iterator[str]:
    """Yield the pages of a table of contents."""
    for each in nav:
        if isinstance(each, str):
            yield each
        else:
            yield from (page for pages in each.values() for page in _flat(pages))


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Have links lead to the page that they mean; say of what is not translated that it is not."""
    del files
    language, docs = _language(config), Path(config["docs_dir"])
    here = posixpath.dirname(page.file.src_uri)

    def led(found: re.Match[str]) -> str:
        text, link = found.groups()
        target, _, anchor = link.partition("#")
        there = posixpath.normpath(posixpath.join(here, target))
        if "://" in link or not target:
            return found[0]
        if not _is_inside(there) or (language == "en" and link.endswith(".vi.md")):
            return text  # In the sources alone; or the other language, which the head leads to.
        # In a page by its language the English one is meant, and so is a heading of it.
        translated = (docs / _in(language, there)).exists() and language != "en"
        if translated and (anchor or page.file.locale == language) and ".vi." not in target:
            url = posixpath.relpath(there.removesuffix(".md"), page.url)
            return f'<a href="{url}/#{anchor}" hreflang="en">{text}</a>'
        return found[0]

    parts = CODE.split(markdown)
    parts[::2] = [LINK.sub(led, part) for part in parts[::2]]
    markdown = "".join(parts)
    if page.file.locale != language:
        index = posixpath.relpath(INDEX, here or ".")
        title, _, rest = markdown.partition("\n")
        markdown = f"{title}\n{UNTRANSLATED % index}{rest}"
    return markdown


def _language(config: Any) -> str:
    return str(config["plugins"]["i18n"].current_language or "en")


def _in(language: str, page: str) -> str:
    """Return the file of a page in a language."""
    return page if language == "en" else page.replace(".md", f".{language}.md")


def _is_inside(link: str) -> bool:
    """Say whether a link, from the top of the documents, leads to one of them."""
    return not posixpath.normpath(link).startswith("..") and "://" not in link
