"""The schema's history, as plain SQL that is only ever added to."""
