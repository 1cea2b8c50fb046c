"""What every process stands on: errors, threads, clocks, files, answers."""
