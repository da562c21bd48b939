"""From what the cases brought to a result, alone, of several shards, or beside a baseline."""
