"""All SQL. One method is one business event, and one transaction.

Ask `store` for what happens to jobs and money; its `read`, `rulebook` and
`audit_log` hold the rest.
"""
