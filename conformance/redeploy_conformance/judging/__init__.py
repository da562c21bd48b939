"""The heart: what the contract admits, what is believed, and what an answer or a look breaks. Pure."""
