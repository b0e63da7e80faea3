"""Training: one loop for every method, and what makes a run fast, watchable and resumable."""
