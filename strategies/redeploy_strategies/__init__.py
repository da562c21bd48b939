"""What is tried: Hypothesis strategies derived from the rows of the contract."""
