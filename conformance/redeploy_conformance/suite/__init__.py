"""The packaged tests: one per planned case, and the exploration."""
