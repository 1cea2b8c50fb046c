"""All read models, in the order in which they are listed to people."""

from collections.abc import Mapping

from projections.engine.projection import ReadModel
from projections.questions.findings import suspects
from projections.questions.lapses import standings
from projections.tables.chain import chain
from projections.tables.contract_events import contract_events
from projections.tables.contract_parties import contract_parties
from projections.tables.contract_revenue import payables, payments, reports, shares
from projections.tables.dependencies import dependencies
from projections.tables.dispute_events import disputes, orders
from projections.tables.documents import documents
from projections.tables.editions import editions
from projections.tables.grants import contracts, encumbrances, grants
from projections.tables.hashes import hashes
from projections.tables.key_events import keys, reconfirmations, signed
from projections.tables.liens import liens
from projections.tables.listings import listings
from projections.tables.mandates import mandates
from projections.tables.market_events import market_events
from projections.tables.money_events import money_events
from projections.tables.names import names, words
from projections.tables.offers import offers
from projections.tables.party_facts import parties, relations
from projections.tables.registrations import registrations
from projections.tables.status import status
from projections.tables.technologies import technologies, technology_rights, technology_roles
from projections.tables.timeline import events, timeline
from projections.tables.title_events import title

READ_MODELS: tuple[ReadModel, ...] = (
    title,
    chain,
    liens,
    status,
    standings,
    technologies,
    technology_roles,
    technology_rights,
    contracts,
    grants,
    encumbrances,
    contract_events,
    contract_parties,
    registrations,
    listings,
    offers,
    market_events,
    shares,
    reports,
    payables,
    payments,
    money_events,
    disputes,
    orders,
    dependencies,
    suspects,
    editions,
    parties,
    relations,
    keys,
    signed,
    reconfirmations,
    mandates,
    documents,
    events,
    timeline,
    names,
    words,
    hashes,
)

UNTOLD: Mapping[str, str] = {
    "charter": "the entries themselves are its proof: `ledger.follow` and `ledger.court` read them",
    "auction": "no question is asked about one; its events are on the timeline",
    "nda": "that it was signed is all that there is, and the timeline says it",
    "consent": "it counts where it is given, and what needs it says so in `dependencies`",
    "use": "that it was declared is all that there is, and the timeline says it",
}
"""The kinds of subject whose state no read model tells, and why."""
