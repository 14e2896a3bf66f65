"""Who leads which job: `following` looks at each again and again.

Where a bot has several processes, procrastinate hands the jobs out: `shared` alone asks it, and
where there is one process, nobody loads that.
"""
