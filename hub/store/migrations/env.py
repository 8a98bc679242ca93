"""What Alembic runs: the revisions, on the connection it was given, inside that connection's transaction."""

from __future__ import annotations

from alembic import context

from hub.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter most of a table: Alembic makes a new one and copies
)
with context.begin_transaction():
    context.run_migrations()
