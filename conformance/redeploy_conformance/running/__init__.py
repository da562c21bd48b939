"""The executor: carries steps out on one target, and has the oracle judge what comes."""
