"""A reference implementation of RedeployInstance: a second reading of the page.

Nothing in here imports the contract, the model or the oracle. What the emulator shares
with the suite is the wire format only.
"""
