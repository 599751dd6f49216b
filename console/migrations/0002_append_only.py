"""The audit log and the events refuse changes in the database itself, whoever is connected."""

from django.db import migrations

TABLES = ("console_auditentry", "console_event")
_SQLITE = """CREATE TRIGGER {table}_no_{what} BEFORE {what} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"""
_FUNCTION = """CREATE OR REPLACE FUNCTION console_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"""
_POSTGRESQL = """CREATE TRIGGER {table}_no_{what} BEFORE {what} ON {table}
FOR EACH {each} EXECUTE FUNCTION console_append_only()"""


def create(_apps, schema_editor):
    """Make the triggers."""
    postgresql = schema_editor.connection.vendor == "postgresql"
    if postgresql:
        # Without parameters nothing of the text is taken for a placeholder.
        schema_editor.execute(_FUNCTION, params=None)
    for table in TABLES:
        for what in ("UPDATE", "DELETE", "TRUNCATE") if postgresql else ("UPDATE", "DELETE"):
            each = "STATEMENT" if what == "TRUNCATE" else "ROW"
            text = _POSTGRESQL if postgresql else _SQLITE
            schema_editor.execute(text.format(table=table, what=what, each=each), params=None)


class Migration(migrations.Migration):
    """After the tables."""

    dependencies = [("console", "0001_initial")]
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
