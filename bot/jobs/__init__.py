"""A job's life after it was asked for: checked, sent off once, watched, fetched.

Ask `runner` to look at a job again; the stages are its own.
"""
