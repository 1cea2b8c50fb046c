"""A witness (C2SP tlog-witness): cosigns a log's checkpoints if each continues the last."""
