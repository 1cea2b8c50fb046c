"""Documentation as pages: what there is to read, and every question with examples that run here."""

from itertools import groupby

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.deps import look, node_of, reader_of
from api.describe.links import DOCUMENTS, PREFIXES, QUESTIONS_AT
from api.describe.question_words import ABOUT
from api.explorer.question_examples import LiveExample, examples_of
from api.explorer.shown import page
from api.reads.common import today
from projections.questions.feed import feed_of

router = APIRouter(tags=["explorer"], include_in_schema=False)


async def show_documents(request: Request) -> HTMLResponse:
    """Show what there is to read."""
    return page(request, "documents.html")


async def show_questions(request: Request) -> HTMLResponse:
    """Show every question, by what it is about, with an example of this ledger."""
    node = node_of(request)

    def shown() -> HTMLResponse:
        size = feed_of(reader_of(node), limit=1).size
        examples = examples_of(node, size, today())
        order = [*ABOUT]
        found = sorted(examples, key=lambda each: order.index(each.about))
        groups = [(ABOUT[about], list(own)) for about, own in groupby(found, _about)]
        return page(request, "questions.html", groups=groups, count=len(found), size=size)

    return await look(request, shown)


def _about(example: LiveExample) -> str:
    return example.about


for _prefix in PREFIXES.values():
    for _path, _show in ((DOCUMENTS, show_documents), (QUESTIONS_AT, show_questions)):
        router.add_api_route(f"{_prefix}{_path}", _show, response_class=HTMLResponse)
