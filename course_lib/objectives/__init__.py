"""Objectives: pure functions of what networks return."""
