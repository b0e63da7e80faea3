"""Reference implementations, right and with the faults of students, that answers are compared with."""
