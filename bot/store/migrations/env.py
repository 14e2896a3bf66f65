"""Alembic's entry: the program hands in its connection; there is no other way to migrate."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
