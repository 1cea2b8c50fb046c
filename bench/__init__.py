"""
Figures: what the ledger does in a second, beside what the machine it runs on could do at most.

Every figure is measured, none is remembered: raw limits and the product's own paths stand in one
run, on one machine, so their ratios mean something where neither number does alone. The command
is `python -m bench`; docs/benchmarks.md says what each figure is.
"""
