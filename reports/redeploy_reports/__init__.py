"""What we tell: a result, rendered for people; reads records and nothing else."""
