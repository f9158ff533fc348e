"""Archives of older formats are brought up to date when they are opened, in one transaction."""

from sqlalchemy import Connection, Engine, text

from pipeline.archive.audit import chain_up
from pipeline.archive.schema import SCHEMA_VERSION, header, metadata, removals, seal_log, sightings, write


def migrate(engine: Engine) -> None:
    """Bring a database to the current format; another process may have done so meanwhile."""
    with write(engine) as connection:
        version = header(connection)[1]
        if version >= SCHEMA_VERSION:
            return
        if version < 2:
            _chain_searches(connection)
        _make_room_for_packs(connection)
        connection.execute(text(f"PRAGMA user_version = {SCHEMA_VERSION}"))


def _chain_searches(connection: Connection) -> None:
    """From 1 to 2: the search log becomes a chain."""
    connection.execute(text("ALTER TABLE searches ADD COLUMN digest VARCHAR NOT NULL DEFAULT ''"))
    chain_up(connection)
    seal_log(connection)


def _make_room_for_packs(connection: Connection) -> None:
    """From 2 to 3: new tables, other indexes; pictures stay in their files until they are moved."""
    metadata.create_all(connection)
    connection.execute(text("ALTER TABLE sightings ADD COLUMN pack_id INTEGER REFERENCES packs (id)"))
    for name in ("picture_at", "picture_bytes", "picture_crc"):
        connection.execute(text(f"ALTER TABLE sightings ADD COLUMN {name} INTEGER"))
    for index in ("by_kind", "by_time", "ix_sightings_camera_id"):
        connection.execute(text(f"DROP INDEX {index}"))
    for wanted in sightings.indexes | removals.indexes:
        wanted.create(connection, checkfirst=True)
    connection.execute(
        text(
            "INSERT INTO tallies SELECT camera_id, community, kind, space_id, count(*) FROM sightings "
            "GROUP BY camera_id, community, kind, space_id"
        )
    )
