"""The one sentence that answers a question, before what it rests on."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from api.describe import days, money
from api.describe.language import Language, Said
from api.describe.market_sentences import listing_sentence, offer_sentence
from api.describe.places import places
from api.describe.saying import Members
from api.describe.values import value_name


def sentence_of(kind: Any, members: Members, language: Language) -> str:
    """Return the sentence that answers; what is not known or contested is said first."""
    if members.get("unknown"):
        return _unknown(members, language)
    say = _SENTENCES.get(kind.__name__)
    said = "" if say is None else say(members, language)
    first = "" if kind.__name__ in _SAY_ALL else _first(members, language)
    return " ".join(filter(None, (first, said)))


_SAY_ALL = frozenset({"LicenceCheck"})
"""Kinds whose own sentence says that they are contested, or that something is not known."""


def _first(members: Members, language: Language) -> str:
    """Return that an answer is contested, by which entries, or that it is not known."""
    first = _FIRST.get(members.get("verdict", ""))
    by = ", ".join(map(str, members.get("doubted", ())))
    return (
        "" if first is None else first.in_(language).format(_BY.in_(language).format(by) * bool(by))
    )


def _unknown(members: Members, language: Language) -> str:
    """Return what the log does not name, and what may be meant by each."""
    near = {each["asked"]: each["ids"] for each in members.get("near", ())}
    said = []
    for each in members["unknown"]:
        ids = near.get(each)
        meant = _NEAR.in_(language).format(", ".join(ids)) if ids else ""
        said.append(_UNKNOWN.in_(language).format(each, meant))
    return " ".join(said)


_UNKNOWN = Said("Không biết: sổ cái không có gì về {}{}.", "Unknown: nothing is recorded of {}{}.")
_NEAR = Said("; có phải là: {}", "; near: {}")

_BY = Said(", các mục {}", ", entries {}")
_FIRST: Mapping[str, Said] = {
    "contested": Said(
        "Đang tranh chấp: những gì đã ghi nhận mâu thuẫn với câu trả lời này{}.",
        "Contested: recorded facts contradict this answer{}.",
    ),
    "unknown": Said("Không biết.", "Unknown."),
}


def _day(value: str, language: Language) -> str:
    return days.day(date.fromisoformat(value), language)


def _title(members: Members, language: Language) -> str:
    owners = [
        f"{each['party']} ({money.share(each['share'][0], each['share'][1], language)})"
        for each in members["owners"]
    ]
    said = _OWNED if owners else _NOT_OWNED
    return said.in_(language).format(
        right=members["right"], on=_day(members["true_on"], language), who=", ".join(owners)
    )


_OWNED = Said("Vào ngày {on}, {right} thuộc về {who}.", "Owners of {right} on {on}: {who}.")
_NOT_OWNED = Said(
    "Vào ngày {on}, không rõ ai là chủ sở hữu của {right}.",
    "Nobody is known to own {right} on {on}.",
)


def _status(members: Members, language: Language) -> str:
    on = _day(members["true_on"], language)
    if members["status"] is None:
        return _NO_STATUS.in_(language).format(right=members["right"], on=on)
    return _STATUS.in_(language).format(
        right=members["right"],
        on=on,
        status=value_name("Status", "status", members["status"], language),
    )


_STATUS = Said("Vào ngày {on}, {right} {status}.", "{right} on {on}: {status}.")
_NO_STATUS = Said("Không biết gì về {right} vào ngày {on}.", "Nothing is known of {right} on {on}.")


def _licence(members: Members, language: Language) -> str:
    use, verdict = members["use"], members["verdict"]
    said = _LICENSED if members["licensed"] else _NOT_LICENSED
    first = ""
    if members["doubted"]:
        first = _first(members, language) + " "
    elif verdict in _LICENSED_PERHAPS:
        said = _LICENSED_PERHAPS[verdict]
    return first + said.in_(language).format(
        party=use["party"],
        act=value_name("Use", "act", use["act"], language),
        where=places(use["territory"]["codes"], language) + _towards(use, language),
        on=_day(use.get("true_on") or use["on"], language),
    )


def _towards(use: Members, language: Language) -> str:
    """Return that it is asked against third parties, too, where it is."""
    if use.get("effect") != "third_parties":
        return ""
    return f" ({value_name('Use', 'effect', 'third_parties', language)})"


_LICENSED = Said(
    "Có: vào ngày {on}, {party} được phép {act} tại {where}.",
    "Yes: {party} is licensed to {act} in {where} on {on}.",
)
_NOT_LICENSED = Said(
    "Không: vào ngày {on}, {party} không được phép {act} tại {where}.",
    "No: {party} is not licensed to {act} in {where} on {on}.",
)
_LICENSED_PERHAPS: Mapping[str, Said] = {
    "contested": Said(
        "Đang tranh chấp: lĩnh vực được cấp ghi bằng lời, không mã nào cho biết vào ngày {on}"
        " {party} có được phép {act} tại {where} hay không.",
        "Contested: the field is granted in words, and no code settles whether {party} is licensed"
        " to {act} in {where} on {on}.",
    ),
    "unknown": Said(
        "Không biết: vào ngày {on}, {party} được phép {act} tại {where} hay không là tùy lĩnh vực,"
        " mà câu hỏi không nêu lĩnh vực nào.",
        "Unknown: whether {party} is licensed to {act} in {where} on {on} depends on the field, and"
        " none was named.",
    ),
}


def _terms(members: Members, language: Language) -> str:
    if members["status"] is None:
        return _NO_CONTRACT.in_(language).format(members["contract"])
    if members["status"] == "not_concluded":
        return _NOT_YET.in_(language).format(
            contract=members["contract"],
            on=_day(members["true_on"], language),
            concluded=_day(members["clocks"]["concluded"], language),
        )
    return _TERMS.in_(language).format(
        contract=members["contract"],
        on=_day(members["true_on"], language),
        status=value_name("TermsOn", "status", members["status"], language),
        version=members["version"],
    )


_TERMS = Said(
    "Vào ngày {on}, {contract} {status}, theo phiên bản {version}.",
    "{contract} on {on}: {status}, by version {version} of its terms.",
)
_NOT_YET = Said(
    "Vào ngày {on} chưa có {contract}: ngày ký là {concluded}.",
    "There was no {contract} yet on {on}: it was concluded on {concluded}.",
)
_NO_CONTRACT = Said("Sổ cái không có {}.", "{} is not known.")


def _party(members: Members, language: Language) -> str:
    if members["kind"] is None:
        return _NO_PARTY.in_(language).format(members["party"])
    kind = value_name("PartyAsKnown", "kind", members["kind"], language)
    return f"{members['name'] or members['party']}: {kind}."


_NO_PARTY = Said("{} chưa được đăng ký.", "{} is not registered.")


def _computation(members: Members, language: Language) -> str:
    total = members["total"]
    if total is None:
        return _NO_CONTRACT.in_(language).format(members["distribution"])
    said = _COMPUTED[members["recomputed"]].in_(language)
    return f"{money.sum_of(total['amount'], total['currency'], language)}. {said}"


_COMPUTED: Mapping[bool | None, Said] = {
    True: Said("Tính lại ra đúng số đã ký.", "Computed again: the same as was signed."),
    False: Said("Tính lại KHÁC số đã ký.", "Computed again: NOT what was signed."),
    None: Said(
        "Không tính lại được: có phần niêm phong hoặc không thỏa thuận phí.",
        "Not computed again: something of it is sealed, or no royalty is agreed.",
    ),
}


def _overdue(members: Members, language: Language) -> str:
    on = _day(members.get("true_on") or members["on"], language)
    missing = members["unreported"]
    if members["sealed"]:
        said = _SEALED
    else:
        said = _OVERDUE if missing or members["unpaid"] else _NOTHING_OVERDUE
    return said.in_(language).format(on=on, missing=len(missing), unpaid=len(members["unpaid"]))


_OVERDUE = Said(
    "Quá hạn vào ngày {on}: {missing} kỳ chưa báo cáo, {unpaid} báo cáo chưa trả đủ.",
    "Overdue on {on}: {missing} periods not reported, {unpaid} reports not paid in full.",
)
_NOTHING_OVERDUE = Said("Không có gì quá hạn vào ngày {on}.", "Nothing is overdue on {on}.")
_SEALED = Said(
    "Không biết có gì quá hạn vào ngày {on} hay không: lịch trả niêm phong.",
    "Not known whether anything is overdue on {on}: the schedule is sealed.",
)


def _power(members: Members, language: Language) -> str:
    said = _BINDS if members["binds"] else _BINDS_NOT
    return said.in_(language).format(
        signer=members["signer"],
        party=members["party"],
        on=_day(members.get("true_on") or members["on"], language),
    )


_BINDS = Said(
    "Có: vào ngày {on}, {signer} ký được cho {party}.",
    "Yes: {signer} may bind {party} on {on}.",
)
_BINDS_NOT = Said(
    "Không: vào ngày {on}, {signer} không ký được cho {party}.",
    "No: {signer} may not bind {party} on {on}.",
)


def _minimum(members: Members, language: Language) -> str:
    if members["minimum"] is None:
        return _NO_MINIMUM.in_(language).format(members["year"])
    said = _MET if members["met"] else _NOT_MET
    return said.in_(language).format(
        year=members["year"],
        licensee=members["licensee"],
        until=days.until(date.fromisoformat(members["year_to"]), language),
        minimum=money.sum_of(members["minimum"], members["currency"], language),
        short=money.sum_of(members["short"], members["currency"], language),
    )


_MET = Said(
    "Có: {licensee} đạt mức tối thiểu {minimum} của năm {year}.",
    "Yes: {licensee} met the minimum of {minimum} for {year}.",
)
_NOT_MET = Said(
    "Không: {licensee} còn thiếu {short} để đạt mức tối thiểu {minimum} của năm {year}; năm này"
    " {until}.",
    "No: {licensee} is {short} short of the minimum of {minimum} for {year}, a year that runs"
    " {until}.",
)
_NO_MINIMUM = Said(
    "Không biết mức tối thiểu nào cho năm {}: không thỏa thuận, hoặc niêm phong.",
    "No minimum is known for {}: none was agreed, or it is sealed.",
)


def _counted(member: str, none: Said, some: Said) -> Callable[[Members, Language], str]:
    """Return what says how many there are of something, or that there is nothing."""

    def say(members: Members, language: Language) -> str:
        found: Sequence[Any] = members[member]
        return (some if found else none).in_(language).format(len(found), **members)

    return say


_SENTENCES: Mapping[str, Callable[[Members, Language], str]] = {
    "Computation": _computation,
    "Dues": _counted(
        "lines",
        Said("Chưa được chia gì.", "Nothing was distributed to it."),
        Said("{} khoản được hưởng.", "Sums distributed to it: {}."),
    ),
    "Exclusive": _counted(
        "grants",
        Said("Không ai được độc quyền ở đó.", "Nobody is exclusive there."),
        Said("{} quyền cấp độc quyền ở đó.", "Exclusive or sole grants there: {}."),
    ),
    "Falls": _counted(
        "fallen",
        Said("Không có gì dựa vào đó.", "Nothing rests on it."),
        Said("{} sự kiện đổ theo.", "Events that fall with it: {}."),
    ),
    "Dependents": _counted(
        "dependents",
        Said("Không có quyền cấp nào phụ thuộc.", "No licence depends on it."),
        Said("{} quyền cấp phụ thuộc.", "Licences that depend on it: {}."),
    ),
    "HoldsOn": _counted(
        "orders",
        Said("Không có lệnh nào đối với {subject}.", "No order holds {subject}."),
        Said("{} lệnh đang có hiệu lực đối với {subject}.", "Orders that hold {subject}: {}."),
    ),
    "KeysOf": _counted(
        "keys", Said("Không có khóa nào.", "No keys are known."), Said("{} khóa.", "Keys: {}.")
    ),
    "LicenceCheck": _licence,
    "Liens": _counted(
        "liens",
        Said("Không có biện pháp bảo đảm nào.", "No lien burdens it."),
        Said("{} biện pháp bảo đảm.", "Liens that burden it: {}."),
    ),
    "ListingAsKnown": listing_sentence,
    "Mandates": _counted(
        "mandates",
        Said("Không ủy quyền cho ai.", "No mandates are known."),
        Said("{} ủy quyền.", "Mandates: {}."),
    ),
    "MarkedDispute": _counted(
        "orders",
        Said("Chưa có lệnh nào.", "Nothing was ordered."),
        Said("{} lệnh đã ban hành.", "Orders that were made: {}."),
    ),
    "MarketMatches": _counted(
        "matches",
        Said(
            "Không có tin nào đang mở cùng lĩnh vực.", "Nothing that is open is of the same field."
        ),
        Said("{count} tin đang mở cùng lĩnh vực.", "Open and of the same field: {count}."),
    ),
    "MinimumMet": _minimum,
    "OfferThread": offer_sentence,
    "Overdue": _overdue,
    "PartyAsKnown": _party,
    "PowerToBind": _power,
    "Revenue": _counted(
        "reports",
        Said("Chưa có báo cáo doanh thu nào.", "No revenue was reported."),
        Said("{} báo cáo doanh thu.", "Reports of revenue: {}."),
    ),
    "Status": _status,
    "TermsOn": _terms,
    "Title": _title,
    "Tree": _counted(
        "grants",
        Said("Không cấp lại cho ai.", "Nothing was passed on."),
        Said("{} quyền cấp lại.", "Sublicences: {}."),
    ),
    "VersionDiff": _counted(
        "differences",
        Said(
            "Phiên bản {before} và phiên bản {after} không khác nhau.",
            "Versions {before} and {after} do not differ.",
        ),
        Said(
            "Từ phiên bản {before} đến phiên bản {after}, {} điều khoản đã đổi.",
            "Terms that changed from version {before} to version {after}: {}.",
        ),
    ),
    "Versions": _counted(
        "versions",
        Said("Không có phiên bản nào.", "No version is known."),
        Said("{} phiên bản.", "Versions: {}."),
    ),
}
