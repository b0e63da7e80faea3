"""Inversion: from an image back to the code that a generator would make it of."""
