"""What is said first of a listing, a need, an offer: who, for what, until when, at which price."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from api.describe import days, money
from api.describe.language import Language, Said
from api.describe.saying import Members, field_in_words
from api.describe.values import value_name
from ledger.domain.core.types import parse_instant


def listing_sentence(members: Members, language: Language) -> str:
    """Return who offers or looks for what, for which field, at what price, and how it stood."""
    state = members["state"]
    if state is None:
        return ""
    kind = state["kind"] or state["shown"]
    said = [_SHOWN[kind].in_(language).format(state["lister"])]
    if state["field"] is not None:
        said.append(_FIELD.in_(language).format(field_in_words(state["field"], language)))
    price = _price(state, language)
    said.append((_BUDGET if kind == "need" else _ASK).in_(language).format(price))
    return f"{', '.join(said)}. {_standing(state, language)}"


def _price(shown: Members, language: Language) -> str:
    """Return a price in the open; that it is sealed, or not said."""
    if shown["price_amount"] is not None:
        return money.sum_of(shown["price_amount"], shown["price_currency"], language)
    sealed = shown["price_commitment"] is not None
    return (_SEALED if sealed else _UNSAID).in_(language)


def _standing(state: Members, language: Language) -> str:
    last = state["expires_on"]
    end = None if last is None else date.fromisoformat(last) + timedelta(days=1)
    until = days.until(end, language)
    if state["open"]:
        said = _OPEN if end else _OPEN_WITH_NO_END
        return said.in_(language).format(until)
    if state["closed_reason"] is not None:
        reason = value_name("ListingState", "closed_reason", state["closed_reason"], language)
        return _CLOSED.in_(language).format(reason)
    if state["shown"] != "published":
        return _NOT_HERE[state["shown"]].in_(language)
    if state["held_by"]:
        return _HELD.in_(language)
    said = _SUSPENDED if state["suspended_position"] is not None else _OVER
    return said.in_(language).format(until)


_SHOWN: Mapping[str, Said] = {
    "technology": Said("{} chào một công nghệ", "{} offers a technology"),
    "digital_solution": Said("{} chào một giải pháp số", "{} offers a digital solution"),
    "need": Said("{} đang cần", "{} looks for a solution"),
    "draft": Said("{} soạn một tin", "{} drafted a listing"),
    "mirrored": Said("{} niêm yết tại sàn liên thông", "{} lists it on a linked exchange"),
}
_FIELD = Said("lĩnh vực {}", "in the field {}")
_ASK = Said("giá {}", "price {}")
_BUDGET = Said("trả tối đa {}", "budget {}")
_SEALED = Said("niêm phong", "sealed")
_UNSAID = Said("không nêu", "not said")
_OPEN = Said("Tin đang mở, {}.", "It is open, {}.")
_OPEN_WITH_NO_END = Said("Tin đang mở, đến khi được đóng.", "It is open until it is closed.")
_CLOSED = Said("Tin đã đóng: {}.", "It is closed: {}.")
_HELD = Said("Tin bị giữ theo lệnh của tòa.", "A court's order keeps it off the market.")
_SUSPENDED = Said("Tin đang bị tạm ngừng.", "It is suspended.")
_OVER = Said("Tin đã hết hạn: chỉ mở {}.", "Its time is over: it was open {}.")
_NOT_HERE: Mapping[str, Said] = {
    "draft": Said("Chưa đăng: chưa ai trả lời được.", "It is not published: nobody can answer it."),
    "mirrored": Said(
        "Không trả lời được tại đây: tin thuộc sàn liên thông.",
        "It cannot be answered here: it is the linked exchange's.",
    ),
}


def offer_sentence(members: Members, language: Language) -> str:
    """Return who offered whom at which price, until when it could be accepted, what came of it."""
    offer = members["offer"]
    told = [each["state"] for each in members["thread"]]
    state = next((each for each in told if each["offer"]["subject"] == offer), None)
    if state is None:
        return ""
    own = state["offer"]
    said = [_OFFERED.in_(language).format(own["offeror"], own["offeree"])]
    said.append(_ASK.in_(language).format(_price(own, language)))
    if own["royalty_ppm"] is not None:
        rate = money.percent(own["royalty_ppm"], language)
        said.append(_ROYALTY.in_(language).format(rate))
    elif own["royalty_commitment"] is not None:
        said.append(_ROYALTY.in_(language).format(_SEALED.in_(language)))
    until = days.up_to(parse_instant(own["expires_at"]), language)
    became = _BECAME[state["reason"]].in_(language).format(until, own["closed_by_offer"])
    deed = members["deed"]
    led = _LED.in_(language).format(deed) if deed and state["reason"] == "accepted" else ""
    return " ".join(filter(None, (f"{', '.join(said)}.", became, led)))


_OFFERED = Said("{} đề nghị {}", "{} made {} an offer")
_ROYALTY = Said("phí theo doanh thu {}", "royalty {}")
_BECAME: Mapping[Any, Said] = {
    None: Said("Đề nghị còn ngỏ, chấp nhận được {}.", "It is open and can be accepted {}."),
    "accepted": Said("Đề nghị đã được chấp nhận.", "It was accepted."),
    "rejected": Said("Đề nghị đã bị từ chối.", "It was rejected."),
    "countered": Said("Bên kia đã đề nghị lại: {1}.", "It was answered by a counter-offer: {1}."),
    "revoked": Said("Bên đề nghị đã rút lại.", "The offeror took it back."),
    "expired": Said(
        "Đề nghị đã hết hạn: chấp nhận được {}.", "It ran out: it could be accepted {}."
    ),
    "lapsed": Said(
        "Đề nghị không còn hiệu lực: tin đã đóng, hoặc đối tượng đã được giao dịch.",
        "It lapsed: its listing was closed, or what it offers was taken by a deal.",
    ),
}
_LED = Said("Theo đó đã ký {}.", "It led to {}.")
