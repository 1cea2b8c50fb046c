"""
What a client is told when something is not recorded or not found: RFC 9457 problem details.

`code` is stable and never translated; `title` follows Accept-Language (vi or en). Of what was sent
a problem says again only the parameter that it refuses, or the path.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from api.routed import methods_at, paths_near
from ledger.domain.admission import StaleView
from ledger.domain.core.forms import form_in_words
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import Other, Way
from ledger.domain.core.types import format_instant
from ledger.domain.parties.signature_refusals import NotBound
from ledger.domain.refused import NotJudged
from ledger.events.intake import Invalid
from ledger.events.signatures import Unchecked
from ledger.events.vintage import SoftwareOlder
from ledger.home.antirollback import Halted
from ledger.node.supervisor import told_as
from ledger.quoted import quoted
from ledger.runtime.clock import ClockAhead
from ledger.runtime.faults import Fault, NeedsOperator, fault_of
from ledger.runtime.turns import Busy, Throttled
from ledger.sequence.sequencer import ClockBehind, Stopped
from ledger.sequence.vault import VaultUnavailable
from ledger.store.connection import OutcomeUnknown, StorageFull, Unavailable
from projections.engine.view import NotAsked, NotFolded, NotThere, TooMany

MEDIA_TYPE = "application/problem+json"

RULES = "/quy-tac"
"""Under what the page of each code is: a problem's `type` leads there."""

LATER = (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS)
"""What the same request may be sent again after."""

_CLOSES = (
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.EXPECTATION_FAILED,
    HTTPStatus.NOT_IMPLEMENTED,
)
"""After what the connection is closed: what comes of the request still is not waited for."""

_log = structlog.get_logger(__name__)

UNAVAILABLE: dict[type[Exception], tuple[str, str, str]] = {
    Busy: ("BUSY", "Too many events are waiting", "Hệ thống đang bận"),
    Stopped: ("STOPPING", "The ledger is stopping", "Sổ cái đang dừng"),
    ClockAhead: (
        "CLOCK_AHEAD",
        "The server's clock was set ahead; nothing is dated by it",
        "Đồng hồ máy chủ chạy nhanh bất thường",
    ),
    ClockBehind: (
        "CLOCK_BEHIND",
        "The server's clock is behind the log",
        "Đồng hồ máy chủ bị chậm",
    ),
    SoftwareOlder: (
        "SOFTWARE_OLDER",
        "The log holds what newer software wrote; this process waits to be replaced",
        "Phần mềm của tiến trình này cũ hơn sổ cái",
    ),
    Unchecked: (
        "SIGNATURES_UNCHECKED",
        "The signatures cannot be checked now; nothing was stored",
        "Hiện chưa kiểm tra được chữ ký; chưa ghi gì",
    ),
    Unavailable: (
        "UNAVAILABLE",
        "The ledger cannot do it now; nothing was stored",
        "Sổ cái tạm thời chưa thực hiện được; chưa ghi gì",
    ),
    StorageFull: ("STORAGE_FULL", "There is no room for more", "Hết dung lượng lưu trữ"),
    OutcomeUnknown: (
        "OUTCOME_UNKNOWN",
        "The event may be stored: ask for it by its id, or send the same bytes again",
        "Chưa rõ sự kiện đã được ghi hay chưa",
    ),
    VaultUnavailable: (
        "VAULT_UNAVAILABLE",
        "The keys of the vault cannot be used now",
        "Hiện không dùng được khóa của kho bản mở",
    ),
    Halted: ("HALTED", "The log has stopped signing", "Sổ cái đã ngừng ký"),
    NeedsOperator: (
        "NEEDS_OPERATOR",
        "The ledger's operator has to mend something first",
        "Sổ cái đang chờ đơn vị vận hành khắc phục",
    ),
}

TITLES = {
    "NOT_FOUND": ("Nothing of that name is here", "Không tìm thấy"),
    "EXPECTATION": (
        "The request expects what this server does not do",
        "Yêu cầu có kỳ vọng không được hỗ trợ",
    ),
    "TRANSFER_CODING": (
        "The body is in a coding that is not read here",
        "Không hỗ trợ kiểu mã hóa truyền này",
    ),
    "METHOD": ("The resource is there, but not for this method", "Phương thức không được hỗ trợ"),
    "TOO_LARGE": ("The request is too large", "Yêu cầu quá lớn"),
    "NOT_WITNESSED": ("No quorum has cosigned it yet", "Chưa đủ nhân chứng ký xác nhận"),
    "MEDIA_TYPE": ("The request has another media type", "Sai kiểu nội dung"),
    "NO_LOG_KEYS": (
        "This process does not sign for the log",
        "Tiến trình này không giữ khóa của sổ",
    ),
    "NOT_FOLDED": ("The read models are not that far yet", "Mô hình đọc chưa cập nhật tới đó"),
    "HOST": ("The request is for another host", "Yêu cầu gửi tới máy chủ khác"),
    "ORIGIN": ("The request comes from another site's page", "Yêu cầu đến từ trang khác"),
    "BAD_PARAMETER": ("A parameter is not of its form", "Tham số không hợp lệ"),
    "UNKNOWN_PARAMETER": ("The operation has no such parameter", "Không có tham số này"),
    "BAD_HTTP": ("The bytes are no HTTP request", "Không phải yêu cầu HTTP hợp lệ"),
    "TOO_SLOW": ("The request came too slowly", "Yêu cầu gửi quá chậm"),
    "TOO_MANY_CONNECTIONS": ("There are too many connections", "Quá nhiều kết nối"),
    "HEAD_TOO_LARGE": ("The request's head is too large", "Phần đầu yêu cầu quá lớn"),
}


NO_EVENT = {
    "MALFORMED": ("This is not of the form of an event", "Nội dung gửi không đúng dạng sự kiện"),
    "MALFORMED_ENVELOPE": (
        "This is no envelope of a signed event",
        "Không phải phong bì của sự kiện đã ký",
    ),
    "NOT_CANONICAL": (
        "The payload is not in canonical form",
        "Nội dung đã ký không ở dạng chuẩn tắc",
    ),
    "FRACTIONAL_VND": (
        "Amounts are whole numbers of the smallest unit",
        "Số tiền phải là số nguyên của đơn vị nhỏ nhất",
    ),
    "TYPE_UNKNOWN": ("There is no such type of event", "Không có loại sự kiện này"),
    "WRONG_LEDGER": ("The event was signed for another ledger", "Sự kiện được ký cho sổ cái khác"),
    "SUBJECTS_MISMATCH": (
        "The header does not list what the event is about",
        "Phần đầu không liệt kê đúng các đối tượng của sự kiện",
    ),
    "KEY_REFUSED": ("A new key may not enter", "Không nhận khóa mới này"),
    "KEY_WEAK": ("Others could sign by this key", "Khóa yếu: người khác có thể ký thay"),
    "LOG_KEY_REFUSED": (
        "No verifier could read this key of the log",
        "Không bộ kiểm tra nào đọc được khóa này của sổ",
    ),
    "POLICY_MALFORMED": (
        "No verifier could read this policy",
        "Không bộ kiểm tra nào đọc được chính sách này",
    ),
    "BAD_OPENING": (
        "An opening is not of what the event commits to",
        "Bản mở không khớp với cam kết của sự kiện",
    ),
    "OPENING_MALFORMED": (
        "What was opened is not of the form that its section has",
        "Giá trị được mở không đúng dạng của mục đã niêm phong",
    ),
    "ENTRY_TOO_LARGE": ("The event is too large for an entry", "Sự kiện quá lớn cho một mục"),
    "TOO_LARGE": TITLES["TOO_LARGE"],
}
"""What input is told that is no event of this ledger, before any rule runs."""

OTHERS = {
    "THROTTLED": ("The client asks for more than its share", "Gửi quá nhiều yêu cầu"),
    "INTERNAL": ("A fault of ours", "Lỗi của phần mềm"),
}


class ApiProblem(Exception):
    """A problem of the HTTP surface itself."""

    def __init__(
        self, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = headers or {}
        self.members: dict[str, Any] = {}


SAID_AGAIN = 100
"""How many characters of a parameter a problem says again."""


class BadParameter(ApiProblem):
    """A parameter is nothing that the operation can be asked; `near` is what may be meant."""

    def __init__(
        self,
        parameter: str,
        value: object,
        expected: str,
        near: Sequence[str] = (),
        code: str = "BAD_PARAMETER",
    ) -> None:
        said = str(value)[:SAID_AGAIN]
        meant = f"; near: {', '.join(near)}" if near else ""
        super().__init__(422, code, f"{parameter}={said}: {expected}{meant}")
        self.expected = f"{parameter}: {expected}"
        self.members = {"parameter": parameter, "value": said, "near": list(near)}


class NotFound(ApiProblem):
    """Absent, or not visible: the two cannot be told apart; `near` is what may be meant."""

    def __init__(self, detail: str, near: Sequence[str] = ()) -> None:
        meant = f"; near: {', '.join(near)}" if near else ""
        super().__init__(404, "NOT_FOUND", f"{detail}{meant}")
        self.members = {"near": list(near)} if near else {}


def problem(error: Exception, *, vietnamese: bool = False) -> dict[str, Any]:
    """Return the members of the problem that an error is."""
    match error:
        case Refusal():
            return _refusal(error, vietnamese=vietnamese)
        case Invalid():
            titles = NO_EVENT[error.code]
            status = 413 if error.code == "TOO_LARGE" else 422
            members = _members(error.code, titles[vietnamese], status, error.detail)
            members |= {"pointer": error.pointer} if error.pointer else {}
            return members | ({"near": [*error.near]} if error.near else {})
        case Throttled():
            titles = OTHERS["THROTTLED"]
            return _members("THROTTLED", titles[vietnamese], 429, str(error))
        case ApiProblem():
            titles = TITLES[error.code]
            members = _members(error.code, titles[vietnamese], error.status, error.detail)
            return members | error.members
    told = _told(error)
    for kind, (code, english, vietnamese_title) in UNAVAILABLE.items():
        if isinstance(told, kind):
            return _members(code, vietnamese_title if vietnamese else english, 503, english)
    _log.error("fault", exc_info=error)
    return _members("INTERNAL", OTHERS["INTERNAL"][vietnamese], 500, "the fault has been logged")


def code_of(error: Exception) -> str:
    """Return the code of the problem that an error is."""
    if isinstance(error, Refusal | Invalid | ApiProblem):
        return error.code
    if isinstance(error, Throttled):
        return "THROTTLED"
    told = _told(error)
    codes = (code for kind, (code, *_) in UNAVAILABLE.items() if isinstance(told, kind))
    return next(codes, "INTERNAL")


def _told(error: Exception) -> Exception:
    """Return the error itself if it has a code, else the one by which its class of fault is told.

    What nobody thought of is a fault of ours, and stays one.
    """
    if isinstance(error, tuple(UNAVAILABLE)) or fault_of(error) is not Fault.PASSES:
        return error
    return told_as(error)


def members(code: str, status: int, detail: str) -> dict[str, Any]:
    """Return the members of a problem of the HTTP surface, for whom no request tells a language."""
    return _members(code, TITLES[code][0], status, detail)


def _members(code: str, title: str, status: int, detail: str) -> dict[str, Any]:
    return {
        "type": f"{RULES}/{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
    }


def _refusal(error: Refusal, *, vietnamese: bool) -> dict[str, Any]:
    english = (type(error).__doc__ or error.code).strip().splitlines()[0].rstrip(".")
    title = error.title_vi if vietnamese and error.title_vi else english
    members = _members(error.code, title, refusal_status(type(error)), error.detail)
    members["positions"] = list(error.positions)
    members["subjects"] = list(error.subjects)
    if error.pointer:
        members["pointer"] = error.pointer
    if error.article:
        members["article"] = error.article
    if error.ground:
        members["rule"] = {
            "rule": error.ground.rule,
            "instrument": error.ground.instrument,
            "article": error.ground.article,
            "valid_from": error.ground.valid_from.isoformat(),
        }
    if way := error.way:
        members["remedy"] = _remedy(error, way, vietnamese=vietnamese)
    if error.dead:
        members["final"] = True
    return members


def _remedy(error: Refusal, way: Way, *, vietnamese: bool) -> dict[str, Any]:
    """Return what helps, and what to do; of a refusal that is told again, that it is made again."""
    step = error.step
    found: dict[str, Any] = {
        "helps": way.helps,
        "says": way.say(step.told, vietnamese=vietnamese),
        "change": dict(error.changes),
        "ask": list(error.asked),
        "first": [_other(each) for each in step.first],
        "instead": step.instead and _other(step.instead),
        "sign": list(error.sign),
        "unsign": list(error.unsign),
        "after": step.after and _told_time(step.after),
    }
    return {name: value for name, value in found.items() if value not in ({}, [], None)}


def _other(other: Other) -> dict[str, Any]:
    return {"type": other.topic, "body": dict(other.body)}


def _told_time(after: date) -> str:
    return format_instant(after) if isinstance(after, datetime) else after.isoformat()


def wait_s_of(error: Exception) -> int:
    """Return after how long, in seconds, the same may be sent again, where it may be."""
    return error.wait_s if isinstance(error, Throttled) else 1


def signed(note: bytes | None) -> dict[str, str]:
    """Return the member that a signed refusal is."""
    return {"refusal": note.decode()} if note else {}


def refusal_status(kind: type[Refusal]) -> int:
    """Return the status with which a rule's refusals are answered."""
    if issubclass(kind, NotBound):
        return 403
    if issubclass(kind, NotJudged):
        return 500
    return 409 if issubclass(kind, StaleView) else 422


def wants_vietnamese(request: Request) -> bool:
    """Say whether the first language that the client accepts is Vietnamese."""
    return request.headers.get("accept-language", "").strip().lower().startswith("vi")


def respond(request: Request, error: Exception, note: bytes | None = None) -> Response:
    """Return the response that an error is; `note` is the signed refusal, where there is one.

    Anyone who asks for a page is told by a page.
    """
    metrics, code = request.app.state.metrics, code_of(error)
    metrics.problems.labels(code).inc()
    told = error.expected if isinstance(error, BadParameter) else str(error)
    metrics.recent.refuse(code, f"{request.method} {request.url.path}", told)
    page: Response | None = request.app.state.problem_page(request, error)
    vietnamese = wants_vietnamese(request)
    return page or response_of(error, note, request.state.request_id, vietnamese=vietnamese)


def response_of(
    error: Exception, note: bytes | None = None, request_id: str | None = None, *, vietnamese: bool
) -> Response:
    """Return the same, of anyone who counts no problems."""
    members = problem(error, vietnamese=vietnamese) | signed(note)
    members |= {"request_id": request_id} if request_id else {}
    return Response(
        orjson.dumps(members),
        status_code=members["status"],
        media_type=MEDIA_TYPE,
        headers=headers_of(error, members["status"]),
    )


def headers_of(error: Exception, status: int) -> dict[str, str]:
    """Return what the head of the response says that an error is."""
    headers = dict(error.headers) if isinstance(error, ApiProblem) else {}
    if status in LATER:
        headers["Retry-After"] = str(wait_s_of(error))
    if status in _CLOSES:
        headers["Connection"] = "close"
    return headers


_WHAT_FOLDS = (
    "ask again in a while; where it stays so, the ledger's operator runs techledger operate rebuild"
)


_UNANSWERED = (NotFolded, NotThere, NotAsked, TooMany)
"""What questions raise that have no answer."""


def _unanswered(error: Exception, known_at: str | None) -> ApiProblem:
    """Return the problem that a question has no answer, as it was known then, if it says when."""
    if isinstance(error, NotFolded):
        return ApiProblem(503, "NOT_FOLDED", f"{error}; {_WHAT_FOLDS}")
    if isinstance(error, NotThere):
        return NotFound(str(error))
    if isinstance(error, NotAsked) and known_at is not None:
        return BadParameter("known_at", known_at, str(error))
    return ApiProblem(422, "BAD_PARAMETER", str(error))


def _of_no_route(request: Request, error: HTTPException) -> ApiProblem:
    """Return the problem that no route answers, with what is there or near."""
    path = quoted(request.url.path)
    if error.status_code == HTTPStatus.NOT_FOUND:
        return NotFound(
            f"nothing is at {path}: /openapi.json lists all paths", paths_near(request.scope)
        )
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allow = ", ".join(methods_at(request.scope))
        detail = f"{path} has no {quoted(request.method)}, but {allow}"
        return ApiProblem(405, "METHOD", detail, {"Allow": allow})
    return ApiProblem(error.status_code, "BAD_PARAMETER", str(error.detail))


async def answer_nobody(_request: Request, _error: Exception) -> Response:
    """Return what is sent to anyone who cut its request, and reads no answer."""
    return Response(status_code=400)


def _not_of_their_form(items: Iterable[Mapping[str, Any]]) -> BadParameter:
    """Return the problem that the first parameter is which is not of its form, or is missing.

    Its detail tells of them all.
    """
    refused = [_refused(item) for item in sorted(items, key=lambda item: item["type"] == "missing")]
    refused[0].detail = "; ".join(each.detail for each in refused)
    return refused[0]


_EXPECTED = {
    "value_error": "{error}",
    "greater_than_equal": "it is {ge} or more",
    "less_than": "it is less than {lt}",
    "less_than_equal": "it is {le} at most",
    "literal_error": "it is {expected}",
    "uuid_parsing": "it is a UUID",
}
"""What a parameter should be, by what pydantic calls it that it is not."""


def _refused(item: Mapping[str, Any]) -> BadParameter:
    name = str(item["loc"][:2][-1])  # Behind it stands which of a list.
    if item["type"] == "missing":
        return BadParameter(name, "", "it is missing")
    given = item.get("ctx", {})
    known = _EXPECTED.get(item["type"])
    expected = item["msg"] if known is None else known.format(**given)
    if item["type"] == "string_pattern_mismatch":
        expected = f"it is of the form: {form_in_words(given['pattern'])}"
    return BadParameter(name, item["input"], expected, given.get("near", ()))


def install(app: FastAPI) -> None:
    """Make every error of the application a problem of one shape; the edge answers the others."""

    async def answer(request: Request, error: Exception) -> Response:
        # What is read is in the log: if it is of no known type, who reads it is too old.
        if request.method == "GET" and isinstance(error, Invalid) and error.code == "TYPE_UNKNOWN":
            error = SoftwareOlder(error.detail)
        if isinstance(error, _UNANSWERED):
            error = _unanswered(error, request.query_params.get("known_at"))
        return respond(request, error)

    async def answer_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return respond(request, _of_no_route(request, error))

    async def answer_validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return respond(request, _not_of_their_form(error.errors()))

    kinds = (Refusal, Invalid, ApiProblem, Throttled, *_UNANSWERED, *UNAVAILABLE)
    for kind in kinds:
        app.add_exception_handler(kind, answer)
    app.add_exception_handler(ClientDisconnect, answer_nobody)
    app.add_exception_handler(HTTPException, answer_http)
    app.add_exception_handler(RequestValidationError, answer_validation)
