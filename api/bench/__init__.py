"""The figures that need the whole product: a served ledger, its projections, where time goes."""
