"""Figures of the book: one style, images, curves with a spread over seeds, and the plane of two-dimensional data."""
