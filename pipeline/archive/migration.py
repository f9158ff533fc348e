"""Archives of older formats are brought up to date when they are opened, in one transaction."""

from sqlalchemy import Engine, text

from pipeline.archive.audit import chain_up
from pipeline.archive.schema import SCHEMA_VERSION, header, seal_log, write


def migrate(engine: Engine) -> None:
    """Bring a database of format 1 to the current one; another process may have done so meanwhile."""
    with write(engine) as connection:
        if header(connection)[1] >= SCHEMA_VERSION:
            return
        connection.execute(text("ALTER TABLE searches ADD COLUMN digest VARCHAR NOT NULL DEFAULT ''"))
        chain_up(connection)
        seal_log(connection)
        connection.execute(text(f"PRAGMA user_version = {SCHEMA_VERSION}"))
