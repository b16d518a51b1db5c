"""What runs and services report of themselves: metrics, progress, log lines."""
