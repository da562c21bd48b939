"""Evidence: what a run leaves behind so that its verdict can be drawn again without it."""
