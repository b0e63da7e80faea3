"""The exercises, a package for each chapter; its `EXERCISES` are in the order of the notebook."""
