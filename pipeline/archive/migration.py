"""Archives of older formats are brought up to date when they are opened, in one transaction."""

from sqlalchemy import Engine, text

from pipeline.archive.audit import chain_up
from pipeline.archive.schema import SCHEMA_VERSION, header, metadata, seal_log, write


def migrate(engine: Engine) -> None:
    """Bring a database of an older format to the current one; another process may have done so meanwhile."""
    with write(engine) as connection:
        version = header(connection)[1]
        if version >= SCHEMA_VERSION:
            return
        if version < 2:
            connection.execute(text("ALTER TABLE searches ADD COLUMN digest VARCHAR NOT NULL DEFAULT ''"))
            chain_up(connection)
            seal_log(connection)
        metadata.create_all(connection)
        connection.execute(text(f"PRAGMA user_version = {SCHEMA_VERSION}"))
