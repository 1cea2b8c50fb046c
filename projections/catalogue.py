"""All read models, in the order in which they are listed to people."""

from projections.chain import chain
from projections.contract_events import contract_events
from projections.dependencies import dependencies
from projections.dispute_events import disputes, orders
from projections.documents import documents
from projections.editions import editions
from projections.findings import suspects
from projections.grants import contracts, encumbrances, grants
from projections.key_events import keys, reconfirmations, signed
from projections.lapses import standings
from projections.liens import liens
from projections.mandates import mandates
from projections.market_events import market_events
from projections.money_events import money_events
from projections.offers import offers
from projections.parties import parties, relations
from projections.projection import ReadModel
from projections.registrations import registrations
from projections.revenue import payables, payments, reports, shares
from projections.status import status
from projections.technologies import technologies, technology_rights, technology_roles
from projections.timeline import events, timeline
from projections.title_events import title

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
    registrations,
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
)
