"""Every page of the explorer by the template of its route, each with an address of the demo."""

import re
from collections.abc import Iterator, Mapping

from fastapi.routing import APIRoute

from api.cli.story import names
from api.describe.links import PREFIXES, placed
from api.main import SHOWN
from api.reads.parameters import query_of
from tests.support.builders import CONTRACT
from tests.support.market import NEED

NAMES = names()
CASE = f"/tranh-chap/{NAMES['dispute']}"
INSTITUTE = f"/ben/{NAMES['institute']}"
ANSWER = "/li-xang/kiem-tra/ket-qua"
SALE = f"?party={NAMES['firm']}&act=sell&territory=vn-2025:48&field=C09D&scheme=ipc"

EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "/": ("/",),
    "/docs": ("/docs",),
    "/tim": ("/tim?q=vien", "/tim?q=khong+co+gi"),
    "/li-xang/kiem-tra": ("/li-xang/kiem-tra",),
    ANSWER: (f"{ANSWER}{SALE}&true_on=$TODAY", f"{ANSWER}?party=Coatings&act=sell&field=paints"),
    "/muc": ("/muc", "/muc?subject=contract:none"),
    "/san": ("/san", "/san?kind=need&known_at=$SOLD"),
    "/ben/{party}/quyen": (f"{INSTITUTE}/quyen",),
    "/ben/{party}/hop-dong": (f"{INSTITUTE}/hop-dong",),
    "/ben/{party}/tin": (f"{INSTITUTE}/tin",),
    "/ben/{party}/de-nghi": (f"{INSTITUTE}/de-nghi",),
    "/kiem-toan": ("/kiem-toan", "/kiem-toan?since=$SIZE&root=$ROOT"),
    "/kiem-tra": ("/kiem-tra",),
    "/luat": ("/luat",),
    "/quy-tac": ("/quy-tac",),
    "/quy-tac/{code}": ("/quy-tac/NOT_OWNER",),
    "/tai-lieu": ("/tai-lieu",),
    "/tai-lieu/cau-hoi": ("/tai-lieu/cau-hoi",),
    "/tai-lieu/su-kien": ("/tai-lieu/su-kien",),
    "/tai-lieu/su-kien/{topic:path}": ("/tai-lieu/su-kien/contract.concluded/1",),
    "/so-lieu": ("/so-lieu",),
    "/so-lieu/{year}": ("/so-lieu/$YEAR",),
    "/hop-dong/{contract}/so-sanh": (f"/hop-dong/{NAMES['royalties']}/so-sanh",),
    "/van-hanh": ("/van-hanh",),
    "/van-hanh/so-tay": ("/van-hanh/so-tay",),
    "/dang-ky": ("/dang-ky",),
    "/quyen/{right}": (
        f"/quyen/{NAMES['older_right']}",
        f"/quyen/{NAMES['mark']}?true_on=$TODAY&effect=third_parties",
        "/quyen/right:none",
        "/quyen/right:none?true_on=2026-13-01",
    ),
    "/cong-nghe/{technology}": (f"/cong-nghe/{NAMES['technology']}",),
    "/hop-dong/{contract}": tuple(
        f"/hop-dong/{each}" for each in (CONTRACT, NAMES["contract"], NAMES["royalties"])
    ),
    "/phan-chia/{distribution}": (f"/phan-chia/{NAMES['older_distribution']}",),
    "/tranh-chap/{dispute}": (CASE,),
    "/tranh-chap/{dispute}/ho-so": (f"{CASE}/ho-so",),
    "/ben/{party}": (INSTITUTE,),
    "/san/tin/{listing}": (f"/san/tin/{NAMES['listing']}",),
    "/san/nhu-cau/{need}": (f"/san/nhu-cau/{NEED}",),
    "/san/de-nghi/{offer}": (f"/san/de-nghi/{NAMES['offer']}",),
    "/doi-tuong/{subject}": (f"/doi-tuong/{NAMES['share']}",),
    "/muc/{position}": ("/muc/$CONTRACT", "/muc/999999"),
    "/su-kien/{event_id}": ("/su-kien/$EVENT",),
}
"""Where each page shows something, by its path; `$NAME` is what only the log has."""

SENT = ("/kiem-toan", "/kiem-tra")
"""Pages with a form that sends a text."""

REFUSED = {
    f"{ANSWER}?party=Coatings&act=sell&field=paints": 422,
    "/quyen/right:none?true_on=2026-13-01": 422,
    "/muc/999999": 404,
}
"""Those of them that are pages of an error."""


def status_of(address: str) -> int:
    """Return with which status a page is to be answered."""
    return REFUSED.get(address.removeprefix(PREFIXES["en"]), 200)


ADDRESSES = tuple(
    placed(language, each)
    for examples in EXAMPLES.values()
    for each in examples
    for language in PREFIXES
)
"""All of them, in each language."""

_ASIDE = re.compile(r"/static/|/phat/|\.(json|csv|pdf|proof)$")
"""What is no page: what pages load, feeds, twins."""


def routes() -> Iterator[APIRoute]:
    """Yield the route of every page, in every language."""
    for route in (each for module in SHOWN for each in module.router.routes):
        if isinstance(route, APIRoute) and "GET" in route.methods and not _ASIDE.search(route.path):
            yield route


def asked() -> Iterator[tuple[str, str]]:
    """Yield each parameter of the query of each page, with the page's path in Vietnamese."""
    for route in routes():
        if route.path in EXAMPLES:
            yield from ((route.path, name) for name in query_of(route))
