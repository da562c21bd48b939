"""The commands, one file each; what they take, and how they end."""
