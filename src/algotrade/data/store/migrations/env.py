"""What alembic runs: every migration happens in the transaction that the store has opened."""

from alembic import context

from algotrade.data.store.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
