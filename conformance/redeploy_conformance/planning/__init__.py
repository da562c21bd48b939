"""What is tried: steps as data, the cases of the plan, and the tour through them."""
