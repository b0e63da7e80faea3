"""Networks, which know nothing of losses or training."""
