from django.db import migrations, models

import crm.models.base

# As in crm's 0039: by time, and of one moment as they lie in their table. Both kinds in one order: they are listed
# beside each other.
NUMBER = """
SET CONSTRAINTS ALL IMMEDIATE;
UPDATE {table} SET entry = counted.number
FROM (
    SELECT id, row_number() OVER (ORDER BY at, kind, place) AS number FROM (
        SELECT id, at, 1 AS kind, ctid AS place FROM crm_reviewdecision
        UNION ALL SELECT id, at, 2, ctid FROM intake_override
    ) AS decided
) AS counted
WHERE counted.id = {table}.id;
"""


class Migration(migrations.Migration):
    """Number the decisions against the rules: what comes from here on is numbered as it comes."""

    dependencies = [("crm", "0044_decisions_in_order"), ("intake", "0019_proof_stays")]

    operations = [
        migrations.AddField(
            "override", "entry", models.BigIntegerField(db_default=crm.models.base.NextInOrder(), editable=False)
        ),
        migrations.RunSQL(NUMBER.format(table="crm_reviewdecision"), migrations.RunSQL.noop),
        migrations.RunSQL(NUMBER.format(table="intake_override"), migrations.RunSQL.noop),
    ]
