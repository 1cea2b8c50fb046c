"""Read models: pure folds of the log into rows that answer questions. All of them disposable."""
