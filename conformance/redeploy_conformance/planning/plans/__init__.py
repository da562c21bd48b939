"""The cases of the plan, by what they are about: rows turned into cases, without a judgement."""
