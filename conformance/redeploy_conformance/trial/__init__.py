"""The suite on trial: whether it catches every fault, and raises no alarm."""
