"""From a violation to a finding: exploration, the fewest steps that show it, how to see it again."""
