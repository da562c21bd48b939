"""The pytest plugin, loaded in every pytest run of its environment: this file stays empty."""
