"""Drawings of contracts: royalty tiers, who got what of what is due, money flow, sublicences."""

from collections.abc import Iterator, Mapping, Sequence

from api.describe import money
from api.describe.language import Said
from api.describe.saying import Word
from api.explorer.drawings import ROWS, BarRow, Bars, Look, Node, Scale, Stripe, Tree, hanging
from api.explorer.pen import Pen
from ledger.domain.contracts.royalty import Royalty
from projections.questions.sublicences import Below
from projections.questions.sublicences import Tree as Sublicences
from projections.questions.terms import TermsOn
from projections.tables.contract_revenue import Balance, Revenue


def draw_tiers(answer: TermsOn, pen: Pen) -> Bars:
    """Draw the tiers of a royalty, the lowest first, each as long as its rate."""
    royalty = None if answer.terms is None else answer.terms.royalty
    if not isinstance(royalty, Royalty) or not royalty.tiers:
        return Bars("", (), 0)
    scale = Scale(0, max(tier.rate_ppm for tier in royalty.tiers))
    over = pen.value("Royalty", "tiers_over", royalty.tiers_over)
    rows = [
        BarRow(
            (Word(part),),
            (Word(money.percent(rate, pen.speech.language)),),
            scale.amount(rate, "own"),
        )
        for part, rate in _parts(royalty, pen)
    ]
    return Bars(pen.said(_TIERS, over), tuple(rows[:ROWS]), len(rows[ROWS:]))


def _parts(royalty: Royalty, pen: Pen) -> Iterator[tuple[str, int]]:
    """Yield over what part of the base each tier runs, and its rate."""
    below = None
    for tier in royalty.tiers or ():
        upto = tier.upto and pen.sum_of(tier.upto, royalty.currency)
        yield pen.said(_PARTS[below is not None, upto is not None], below, upto), tier.rate_ppm
        below = upto


_TIERS = Said("Phí theo bậc, tính theo {}", "Royalty by tiers, over the {}")
_PARTS: Mapping[tuple[bool, bool], Said] = {
    (False, False): Said("toàn bộ", "all of it"),
    (False, True): Said("đến {1}", "up to {1}"),
    (True, True): Said("trên {0} đến {1}", "over {0} up to {1}"),
    (True, False): Said("trên {0}", "over {0}"),
}


def draw_balances(answer: Revenue, pen: Pen) -> Bars:
    """Draw what each payee has got of what is due to it; what is sealed has no length."""
    most = _most((each.currency, max(each.payable, each.paid)) for each in answer.balances)
    rows = [_balance(each, Scale(0, most[each.currency]), pen) for each in answer.balances]
    sealed = [
        BarRow(
            (pen.called(share.subject),), (Word(pen.said(_SEALED)),), (Stripe(0, 100, "dashed"),)
        )
        for share in answer.shares
        if share.parts_commitment is not None
    ]
    shown = [*rows, *sealed][:ROWS]
    return Bars(
        pen.said(_BALANCES),
        tuple(shown),
        len(sealed) + len(rows) - len(shown),
        key=pen.key(_BALANCE_KEY),
    )


def _balance(balance: Balance, scale: Scale, pen: Pen) -> BarRow:
    sums = (balance.payable, balance.paid, balance.open)
    said = pen.said(_OF_DUE, *(pen.sum_of(each, balance.currency) for each in sums))
    due, paid = scale.amount(balance.payable, "plain"), scale.amount(balance.paid, "own")
    return BarRow((pen.called(balance.payee),), (Word(said),), (*due, *paid))


_BALANCES = Said("Đã trả so với phải trả", "Paid against due")
_OF_DUE = Said("phải trả {} · đã trả {} · còn {}", "due {} · paid {} · open {}")
_SEALED = Said(
    "các phần chia đã thỏa thuận được niêm phong",
    "the parts that were agreed are sealed",
)
_BALANCE_KEY: Mapping[Look, Said] = {
    "own": Said("đã trả", "paid"),
    "plain": Said("phải trả", "due"),
    "dashed": Said("niêm phong", "sealed"),
}


def draw_flow(answer: Revenue, pen: Pen) -> Bars:
    """Draw who paid whom how much, what was paid back the other way, the most first."""
    sums: dict[tuple[str, str, str], int] = {}
    for row in answer.payments:
        way = (
            row.currency,
            *((row.payer, row.payee) if row.amount > 0 else (row.payee, row.payer)),
        )
        sums[way] = sums.get(way, 0) + abs(row.amount)
    most = _most((currency, amount) for (currency, *_), amount in sums.items())
    ways = sorted(sums.items(), key=lambda way: (way[0][0], -way[1], way[0]))
    rows = [
        BarRow(
            (pen.called(payer), Word(" → "), pen.called(payee)),
            (Word(pen.sum_of(amount, currency)),),
            Scale(0, most[currency]).amount(amount, "own"),
        )
        for (currency, payer, payee), amount in ways
    ]
    return Bars(pen.said(_FLOW), tuple(rows[:ROWS]), len(rows[ROWS:]))


_FLOW = Said("Dòng tiền đã xác nhận", "Flow of the money confirmed")


def _most(sums: Iterator[tuple[str, int]]) -> Mapping[str, int]:
    """Return the greatest sum of each currency."""
    most: dict[str, int] = {}
    for currency, amount in sums:
        most[currency] = max(amount, most.get(currency, 0))
    return most


def draw_sublicences(answer: Sublicences, pen: Pen) -> Tree:
    """Draw what was passed on under a contract, each grant below the one that it sits under."""
    by_head: dict[str, list[Below]] = {}
    for each in answer.grants:
        by_head.setdefault(each.grant.head or "", []).append(each)
    own = [head for head in by_head if head.partition("#")[0] == answer.contract]
    nodes = [below for head in own for below in _below(head, by_head)]
    if not nodes:
        return Tree("", ())
    top = Node(0, (pen.called(answer.contract),), (), "own")
    shown = [_sublicence(each, pen) for each in nodes[:ROWS]]
    return Tree(
        pen.said(_SUBLICENCES, pen.day(answer.true_on)),
        tuple(hanging([top, *shown])),
        len(nodes) - len(shown),
        pen.key(_SUBLICENCE_KEY),
    )


def _below(head: str, by_head: Mapping[str, Sequence[Below]]) -> Iterator[Below]:
    for each in by_head.get(head, ()):
        yield each
        yield from _below(each.grant.ref, by_head)


def _sublicence(below: Below, pen: Pen) -> Node:
    row = below.grant
    look: Look = "dashed" if below.fallen else "own" if below.current else "plain"
    said = (
        pen.said(_SUBLICENCE_KEY[look]),
        pen.value("GrantRow", "exclusivity", row.exclusivity),
        pen.span(row.true_from, row.true_to),
    )
    words = (pen.called(row.licensee), Word(" · "), pen.called(row.subject))
    return Node(below.tier, words, (Word(" · ".join(said)),), look)


_SUBLICENCES = Said("Cây li-xăng thứ cấp vào ngày {}", "Tree of sublicences on {}")
_SUBLICENCE_KEY: Mapping[Look, Said] = {
    "own": Said("đang trong thời hạn", "within its days"),
    "plain": Said("ngoài thời hạn", "not within its days"),
    "dashed": Said("chấm dứt theo quyền cấp ở trên", "fell with the grant above it"),
}
