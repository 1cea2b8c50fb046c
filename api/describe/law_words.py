"""
Law in words: what its topics and values are called, and what each value measures or names.

A value is looked up with its topic before it, then by itself. A test holds that every topic, value
and text of the law data of this version has its words; what a later set adds stands as it is named.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Literal

from api.describe import days, money
from api.describe.language import Language, Said
from api.describe.places import place
from api.describe.titles import country
from ledger.domain.core.dated_law import Law

Measure = Literal[
    "rate",
    "hour",
    "days",
    "working_days",
    "months",
    "years",
    "times",
    "truth",
    "word",
    "date",
    "unit",
    "country",
    "code",
]

TOPICS: Mapping[str, Said] = {
    "assignment.non_assignable": Said(
        "quyền không được chuyển nhượng", "rights that are not assigned"
    ),
    "assignment.preemption": Said(
        "quyền ưu tiên mua của đồng chủ sở hữu", "co-owners' right to buy first"
    ),
    "assignment.priority_days": Said(
        "thời hạn thông báo ưu tiên", "how long a priority notice lasts"
    ),
    "assignment.state_funded_foreign": Said(
        "chuyển nhượng kết quả do Nhà nước tài trợ",
        "assignment of what the State paid for",
    ),
    "author.co_authors": Said("phân chia giữa các đồng tác giả", "split between co-authors"),
    "author.duration": Said("thời hạn trả thù lao", "how long authors are paid"),
    "author.profit_share": Said("phần lợi nhuận của tác giả", "authors' share of the profit"),
    "author.remuneration": Said("thù lao của tác giả", "authors' remuneration"),
    "author.rest_to_science": Said(
        "phần còn lại dành cho khoa học", "what of the rest goes to science"
    ),
    "broker.cap": Said("phần tối đa của bên môi giới", "most that a broker gets"),
    "broker.minimum": Said("phần tối thiểu của bên trung gian", "least that an intermediary gets"),
    "contract.content": Said("nội dung bắt buộc của hợp đồng", "what a contract must say"),
    "contract.permit": Said("cấp phép chuyển giao", "permit of a transfer"),
    "contract.registration": Said("đăng ký hợp đồng", "registration of a contract"),
    "contract.void_clause": Said("điều khoản vô hiệu", "clauses that are void"),
    "dispute.limitation": Said("thời hiệu khởi kiện", "time within which a dispute is brought"),
    "field.codes": Said("mã của bảng phân loại", "codes of a classification"),
    "field.edition": Said(
        "ấn bản hiện hành của bảng phân loại", "edition of a classification in use"
    ),
    "field.groups": Said("nhóm chính của bảng phân loại", "main groups of a classification"),
    "licence.opposability": Said(
        "hiệu lực của li-xăng với bên thứ ba", "effect of a licence against third parties"
    ),
    "money.late_interest_cap": Said("lãi suất chậm trả tối đa", "highest rate of late interest"),
    "money.late_interest_default": Said(
        "lãi suất chậm trả khi không thỏa thuận", "late interest where none was agreed"
    ),
    "period.day_in_lieu": Said("nghỉ bù", "day off in lieu"),
    "period.end": Said("kết thúc thời hạn", "end of a period"),
    "period.extension": Said("kéo dài thời hạn qua ngày nghỉ", "period that ends on a day off"),
    "period.holiday": Said("ngày nghỉ lễ", "public holidays"),
    "period.start": Said("bắt đầu thời hạn", "start of a period"),
    "period.weekly_rest": Said("ngày nghỉ hằng tuần", "weekly days of rest"),
    "right.term": Said("thời hạn bảo hộ", "term of protection"),
    "technology.banned": Said("công nghệ cấm chuyển giao", "technology that is not transferred"),
    "technology.restricted": Said(
        "công nghệ hạn chế chuyển giao", "technology whose transfer is restricted"
    ),
    "territory.units": Said("đơn vị hành chính cấp tỉnh", "provinces"),
}

LAW_VALUES: Mapping[str, tuple[Said, Measure]] = {
    "action_months": (
        Said("thời hạn yêu cầu chuyển quyền", "time to claim the sale"),
        "months",
    ),
    "answer_working_days": (
        Said("cơ quan trả lời trong", "authority answers within"),
        "working_days",
    ),
    "base": (Said("tính trên", "computed on"), "word"),
    "by": (Said("chia theo", "shared by"), "word"),
    "codes": (Said("các đơn vị", "units"), "unit"),
    "counted": (Said("tính ngày đầu tiên", "first day is counted"), "truth"),
    "dates": (Said("các ngày", "days"), "date"),
    "days": (Said("thời hạn", "within"), "days"),
    "assignment.priority_days.days": (Said("tối đa", "at most"), "days"),
    "period.holiday.days": (Said("các ngày", "days"), "date"),
    "period.weekly_rest.days": (Said("các ngày", "days"), "word"),
    "days_a_year": (Said("một năm tính", "a year counts as"), "days"),
    "edition": (Said("ấn bản", "edition"), "code"),
    "entry": (Said("mục của danh mục", "entry of the list"), "word"),
    "groups": (Said("các nhóm chính", "main groups"), "code"),
    "heads": (Said("các mã cấp đầu", "codes of its upper level"), "code"),
    "hour": (Said("lúc", "at"), "hour"),
    "lasts": (Said("kéo dài", "lasts"), "word"),
    "max_ppm": (Said("tối đa", "at most"), "rate"),
    "max_ppm_a_year": (Said("tối đa mỗi năm", "at most, a year"), "rate"),
    "min_ppm": (Said("tối thiểu", "at least"), "rate"),
    "months": (Said("thời hạn", "within"), "months"),
    "no_such_day": (
        Said("tháng không có ngày tương ứng", "where the month has no such day"),
        "word",
    ),
    "on": (Said("nghỉ vào", "taken on"), "word"),
    "ppm_a_year": (Said("mỗi năm", "a year"), "rate"),
    "renewals": (Said("được gia hạn tối đa", "renewed at most"), "times"),
    "required": (Said("phải có", "must say"), "word"),
    "seat": (Said("chỉ cho bên có trụ sở tại", "only to a party with its seat in"), "country"),
    "split": (Said("chia theo", "split by"), "word"),
    "to": (Said("đến hết", "to the end of"), "word"),
    "unless_with_business": (
        Said("trừ khi cùng toàn bộ cơ sở kinh doanh", "unless with the whole business"),
        "truth",
    ),
    "years": (Said("thời hạn", "within"), "years"),
    "right.term.years": (Said("kể từ ngày nộp đơn", "from filing"), "years"),
    "years_from_creation": (Said("kể từ ngày tạo ra", "from creation"), "years"),
    "years_from_exploitation": (
        Said("kể từ ngày khai thác thương mại đầu tiên", "from the first commercial exploitation"),
        "years",
    ),
}
WORDS: Mapping[str, Said] = {
    "after_tax_profit_state_part": Said(
        "lợi nhuận sau thuế của phần Nhà nước", "profit after tax of the State's part"
    ),
    "agreement": Said("thỏa thuận", "agreement"),
    "capital_share": Said("tỷ lệ vốn góp", "share of the capital"),
    "dispute_body": Said("cơ quan giải quyết tranh chấp", "forum for disputes"),
    "electric-fishing": Said("đánh bắt thủy sản bằng dòng điện", "fishing by electric current"),
    "gene-transfer": Said("biến đổi gen", "genetic modification"),
    "last_of_month": Said("ngày cuối tháng", "last day of the month"),
    "next_working_day": Said("ngày làm việc tiếp theo", "next working day"),
    "nuclear-explosives": Said("vũ khí, chất nổ hạt nhân", "nuclear weapons and explosives"),
    "pre_tax_profit": Said("lợi nhuận trước thuế", "profit before tax"),
    "price": Said("giá", "price"),
    "profit": Said("lợi nhuận", "profit"),
    "protection": Said("như thời hạn bảo hộ", "as long as the protection"),
    "reactors": Said("lò phản ứng hạt nhân", "nuclear reactors"),
    "saturday": Said("thứ Bảy", "Saturday"),
    "scope": Said("phạm vi", "scope"),
    "sums_received_before_tax": Said(
        "số tiền nhận được mỗi lần, trước thuế", "each sum received, before tax"
    ),
    "sunday": Said("Chủ nhật", "Sunday"),
}
"""What the texts of values that are words are called."""

_COUNTED: Mapping[Measure, Said] = {
    "hour": Said("{} giờ", "{}:00"),
    "days": Said("{} ngày", "{} days"),
    "working_days": Said("{} ngày làm việc", "{} working days"),
    "months": Said("{} tháng", "{} months"),
    "years": Said("{} năm", "{} years"),
    "times": Said("{} lần", "{} times"),
}
_TRUTH = {True: Said("có", "yes"), False: Said("không", "no")}


def topic_name(topic: str, language: Language) -> str:
    """Return what a topic of law is called, with its code; the code where nobody has named it."""
    said = TOPICS.get(topic)
    return topic if said is None else f"{said.in_(language)} ({topic})"


def instrument_name(number: str, law: Law, language: Language) -> str:
    """Return the title that the law data give a law or decree, with its number; else the number."""
    found = next((each for each in law.instruments.values() if each.number == number), None)
    if found is None:
        return number
    return f"{found.title_vi if language == 'vi' else found.title_en} ({number})"


def law_value(topic: str, name: str, value: Any, language: Language) -> tuple[str, str]:
    """Return what a value of a rule is called, and what it is, in words."""
    found = LAW_VALUES.get(f"{topic}.{name}") or LAW_VALUES.get(name)
    each = value if isinstance(value, list | tuple) else [value]
    if found is None:
        return name.replace("_", " "), ", ".join(map(str, each))
    called, measure = found
    return called.in_(language), ", ".join(_measured(measure, one, language) for one in each)


def _measured(measure: Measure, value: Any, language: Language) -> str:
    if isinstance(value, bool):
        return _TRUTH[value].in_(language)
    if isinstance(value, int):
        return _number(measure, value, language)
    write = _TEXTS.get(measure)
    return str(value) if write is None else write(value, language)


def _number(measure: Measure, value: int, language: Language) -> str:
    if measure == "rate":
        return money.percent(value, language)
    said = _COUNTED[measure].in_(language).format(money.number(value, language))
    return said.removesuffix("s") if value == 1 and language == "en" else said


def _word(value: str, language: Language) -> str:
    said = WORDS.get(value)
    return value if said is None else said.in_(language)


def _date(value: str, language: Language) -> str:
    """Return a day, or one that comes each year: `04-30`."""
    if value.count("-") > 1:
        return days.day(date.fromisoformat(value), language)
    month, day = map(int, value.split("-"))
    return days.day_of_year(month, day, language)


def _unit(value: str, language: Language) -> str:
    """Return a province, whose code says by its form of which edition it is."""
    edition = "vn-2004" if value.startswith("VN-") else "vn-2025"
    return place(f"{edition}:{value}", language)


_TEXTS: Mapping[Measure, Callable[[str, Language], str]] = {
    "word": _word,
    "date": _date,
    "unit": _unit,
    "country": lambda value, language: f"{country(value, language)} ({value})",
}
