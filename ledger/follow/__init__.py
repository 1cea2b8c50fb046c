"""Who deals with a log that others run: client, auditor, mirror, monitor."""
