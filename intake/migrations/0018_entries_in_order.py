from django.db import migrations, models

import crm.models.base

# As in crm's 0039: by time, and of one moment as they lie in the table.
NUMBER = """
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE {table} DISABLE TRIGGER USER;
UPDATE {table} SET entry = counted.number
FROM (SELECT id, row_number() OVER (ORDER BY at, ctid) AS number FROM {table}) AS counted
WHERE counted.id = {table}.id;
ALTER TABLE {table} ENABLE TRIGGER USER;
"""


def numbered(model: str) -> list[migrations.operations.base.Operation]:
    """Number the rows that are there, and sort by that."""
    return [
        migrations.AddField(
            model, "entry", models.BigIntegerField(db_default=crm.models.base.NextInOrder(), editable=False)
        ),
        migrations.RunSQL(NUMBER.format(table=f"intake_{model}"), migrations.RunSQL.noop),
        migrations.RemoveIndex(model, f"{model}_of_lead"),
        migrations.AddIndex(model, models.Index(fields=["lead", "-entry"], name=f"{model}_of_lead")),
    ]


class Migration(migrations.Migration):
    """Number pages of answers and answers of insurers: what comes from here on is numbered as it comes."""

    dependencies = [("crm", "0039_entries_in_order"), ("intake", "0017_taken_over_by_proof")]

    operations = [*numbered("submission"), *numbered("verification")]
