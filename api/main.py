"""Wires the HTTP surface: settings to node, node to routes. The only place that does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from api import problems
from api.explorer import (
    auditor_pages,
    board_page,
    document_pages,
    entry_pages,
    feeds,
    figures_pages,
    finding,
    home_page,
    licence_pages,
    list_pages,
    pages,
    refused,
    rulebook_pages,
    short,
    version_pages,
)
from api.explorer import routes as explorer
from api.limits.dryruns import DryRunTurns
from api.limits.edge import Edge, hosts_of
from api.limits.quotas import Quotas
from api.limits.traffic import Traffic
from api.limits.uploads import Uploads
from api.metrics import Metrics
from api.openapi.document import describe
from api.reads import (
    contracts,
    disputes,
    documents,
    duties,
    entries,
    evidence,
    feed,
    figures,
    findings,
    keys,
    law,
    licences,
    listings,
    log,
    offers,
    operations,
    parties,
    projections,
    reach,
    revenue,
    rights,
    search,
    stream,
    subjects,
    technologies,
    types,
)
from api.reads.parameters import strict
from api.watching.followers import Followers
from api.watching.watch import Watch
from api.writes import events, promises
from ledger.node.node import Node
from ledger.node.signature_checks import CheckQueue, KeyDirectory
from ledger.node.submit import Submitter

SHOWN = (
    explorer,
    feeds,
    home_page,
    finding,
    licence_pages,
    list_pages,
    auditor_pages,
    rulebook_pages,
    figures_pages,
    version_pages,
    board_page,
    document_pages,
    short,
    pages,
    entry_pages,
)
"""What has pages for people."""

ROUTED = (
    events,
    feed,
    stream,
    promises,
    types,
    entries,
    evidence,
    technologies,
    rights,
    reach,
    licences,
    listings,
    offers,
    contracts,
    duties,
    revenue,
    figures,
    disputes,
    findings,
    law,
    search,
    subjects,
    parties,
    keys,
    documents,
    log,
    projections,
    operations,
)
"""The nouns, in the order in which the API's description lists them."""

DESCRIPTION = """\
An event-sourced ledger of technology transactions. Every event is signed by the parties it binds,
stands in a C2SP transparency log, and is answered with a receipt that can be verified offline.

No operation asks who calls, so there is no security scheme: no login, no token, no cookie, no key.
All may read what is published. An event proves by the signatures of its envelope whose it is
(docs/spec/event.md); anyone may carry it.
"""


def create_app(node: Node) -> FastAPI:
    """Return the application over a node that has been started."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.traffic = Traffic.over(node.reads, node.settings, node.computing)
        app.state.submitter = Submitter(
            origin=node.identity.origin,
            keys=KeyDirectory(node.pool, node.settings.keys_bytes),
            checks=CheckQueue(node.checker, node.settings.verifier_processes),
            sequencer=node.sequencer,
            feed=node.feed,
            prover=node.prover,
            reading=node.reading,
            reads=node.reads,
            standards=node.standards,
            wait_s=node.settings.receipt_wait_s,
            vintage=node.vintage,
            waiting_bytes=settings.waiting_bytes,
            promises=node.promises,
            payers=app.state.quotas,
        )
        app.state.dry_runs = DryRunTurns(
            app.state.submitter,
            node.dry_runs,
            app.state.quotas.must_be_left,
            settings.read_wait_s,
        )
        app.state.followers = Followers(node)
        app.state.watch = Watch.over(app)
        yield
        app.state.watch.close()
        app.state.followers.close()
        app.state.dry_runs.close()
        app.state.traffic.close()

    settings = node.settings
    app = FastAPI(
        title="Techledger",
        version="0.1.0",
        description=DESCRIPTION,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        lifespan=lifespan,
        docs_url=None,  # FastAPI's own page loads its scripts from elsewhere; ours is `/docs`.
        redoc_url=None,
        redirect_slashes=False,  # To where, it would say by the scheme that a proxy has taken away.
    )
    app.state.node = node
    app.state.metrics = Metrics()
    app.state.quotas = Quotas.of(settings)
    app.state.uploads = Uploads()
    app.state.problem_page = refused.problem_page
    # One list: routers that are included are each asked again what they have, for every request.
    for router in (*(module.router for module in ROUTED), *(each.router for each in SHOWN)):
        app.router.routes.extend(map(strict, router.routes))
    problems.install(app)
    app.add_middleware(
        Edge,
        hosts=hosts_of(settings.host, settings.hosts.split()),
        quotas=app.state.quotas,
        metrics=app.state.metrics,
    )
    describe(app)
    return app
