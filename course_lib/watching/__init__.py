"""A run as others see it: live in a terminal, and as one page to keep. Nothing here changes a run."""
