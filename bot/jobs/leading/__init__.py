"""Who leads which job where a bot has several processes: procrastinate hands them out.

Ask `shared`; nobody else speaks to procrastinate, and where there is one process nobody loads it.
"""
