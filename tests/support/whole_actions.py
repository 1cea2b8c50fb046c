"""What the whole-domain test tries next: each kind of action, and what should be there before."""

from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

from ledger.domain.core.body import Body
from tests.support import random_deals as deals
from tests.support import random_money as money
from tests.support import random_titles as titles
from tests.support.reference_money import WholeReference

Act = Callable[[Random, WholeReference, str], Any]
"""Makes a body out of chance, what the reference knows, and today."""


class Action(NamedTuple):
    """An action; without an entry of the topic `after` before it, it would mostly find nothing."""

    act: Act
    after: str | None = None


_FILE = Action(titles.file_right)
_REGISTER = Action(titles.register_technology)
_ASSIGN = Action(titles.assign, "right.filed")
_CONTRACT = Action(deals.conclude, "right.filed")
_REPORT = Action(money.report, "contract.concluded")
_SHARE = Action(money.agree_on_share, "contract.concluded")
_DISTRIBUTE = Action(money.distribute, "revenue.reported")
_OFFER = Action(deals.offer)
_LIST = Action(deals.publish, "right.filed")
_CHARGE = Action(titles.charge, "right.filed")
_NOTIFY = Action(titles.notify, "right.filed")
_SERVE = Action(deals.serve, "contract.concluded")
_DISPUTE = Action(money.open_dispute, "right.filed")

MAKES: dict[str, Action] = {
    "right.filed": _FILE,
    "assignment.agreed": _ASSIGN,
    "security.created": _CHARGE,
    "coowner.notified": _NOTIFY,
    "listing.published": _LIST,
    "offer.made": _OFFER,
    "contract.concluded": _CONTRACT,
    "notice.served": _SERVE,
    "share.agreed": _SHARE,
    "revenue.reported": _REPORT,
    "revenue.distributed": _DISTRIBUTE,
    "dispute.opened": _DISPUTE,
}
"""The action by which an entry of a topic comes about."""

ACTIONS: tuple[Action, ...] = (
    _FILE,
    Action(titles.change_status, "right.filed"),
    Action(titles.mandate_or_key),
    _ASSIGN,
    _ASSIGN,
    _NOTIFY,
    Action(titles.settle, "assignment.agreed"),
    Action(titles.settle, "assignment.agreed"),
    _CHARGE,
    Action(titles.release, "security.created"),
    _LIST,
    Action(deals.review, "listing.published"),
    _OFFER,
    Action(deals.answer, "offer.made"),
    Action(deals.answer, "offer.made"),
    _CONTRACT,
    _CONTRACT,
    Action(deals.sublicense, "contract.concluded"),
    Action(deals.sublicense, "contract.concluded"),
    Action(deals.terminate, "contract.concluded"),
    Action(deals.amend, "contract.concluded"),
    _REGISTER,
    _SERVE,
    Action(deals.receive, "notice.served"),
    _SHARE,
    _REPORT,
    _REPORT,
    _DISTRIBUTE,
    _DISTRIBUTE,
    Action(money.pay, "revenue.distributed"),
    Action(money.pay, "revenue.distributed"),
    Action(money.instruct, "revenue.distributed"),
    Action(money.give_back, "revenue.distributed"),
    _DISPUTE,
    Action(money.order, "dispute.opened"),
    Action(money.order, "dispute.opened"),
    Action(money.rule, "dispute.opened"),
    Action(money.end_dispute, "dispute.opened"),
)


GUARDS: tuple[Action, ...] = (
    _FILE,
    _REGISTER,
    *(Action(titles.give_mandate),) * 2,
    *(_ASSIGN,) * 2,
    Action(titles.settle, "assignment.agreed"),
    _CHARGE,
    *(Action(titles.release, "security.created"),) * 2,
    _LIST,
    *(_OFFER,) * 2,
    *(Action(deals.answer, "offer.made"),) * 3,
    *(_CONTRACT,) * 5,
    Action(deals.sublicense, "contract.concluded"),
    *(Action(deals.terminate, "contract.concluded"),) * 5,
    *(Action(deals.amend, "contract.concluded"),) * 2,
    *(_SERVE,) * 2,
    *(Action(deals.receive, "notice.served"),) * 4,
    *(_SHARE,) * 3,
    _REPORT,
    _DISTRIBUTE,
    Action(money.pay, "revenue.distributed"),
    _DISPUTE,
    Action(money.order, "dispute.opened"),
)
"""What meets the guards: who may sign, end, share out, and what an acceptance is good for."""


ENDS: tuple[Action, ...] = (
    *(_CONTRACT,) * 4,
    *(Action(deals.sublicense, "contract.concluded"),) * 2,
    *(_SERVE,) * 3,
    *(Action(deals.receive, "notice.served"),) * 4,
    *(Action(deals.terminate, "contract.concluded"),) * 5,
    *(Action(deals.amend, "contract.concluded"),) * 4,
    *(_SHARE,) * 2,
    _DISPUTE,
    Action(money.rule, "dispute.opened"),
)
"""What becomes of contracts: notices, exits, ends, amendments, shares in what they bring."""


def chosen(
    random: Random,
    ref: WholeReference,
    number: int | None = None,
    among: tuple[Action, ...] = ACTIONS,
) -> Action:
    """Return an action; mostly one by which what it needs comes about, where that is missing."""
    action = random.choice(among) if number is None else among[number]
    while action.after is not None and not ref.all(action.after) and random.randint(0, 9):
        action = MAKES[action.after]
    return action


def any_event(random: Random, ref: WholeReference, day: str, number: int | None = None) -> Body:
    """Return the next event of a history of the whole domain."""
    body: Body = chosen(random, ref, number).act(random, ref, day)
    return body


def guarded_event(random: Random, ref: WholeReference, day: str) -> Body:
    """Return the next event of a story in which the guards matter."""
    body: Body = chosen(random, ref, among=GUARDS).act(random, ref, day)
    return body


def ending_event(random: Random, ref: WholeReference, day: str) -> Body:
    """Return the next event of a story about the ends of contracts."""
    body: Body = chosen(random, ref, among=ENDS).act(random, ref, day)
    return body
