"""Stray runs: the provider's history has them, and no job does, since a backup was restored.

`runs` says whether one is a job's own; `sameness` compares the files of which it was made.
"""
