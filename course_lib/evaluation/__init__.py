"""Measures: how far samples are from data, what they cover, and whether they are copies."""
