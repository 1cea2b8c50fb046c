"""What the log shows: checkpoints, receipts, cosignatures, bundles."""
