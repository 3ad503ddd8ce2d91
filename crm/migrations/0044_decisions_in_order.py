from django.db import migrations, models

import crm.models.base

# As in 0039: by time, and of one moment as they lie in the table. Reviews are numbered by intake's 0020, together with
# the decisions against the rules, beside which they are listed.
NUMBER = """
SET CONSTRAINTS ALL IMMEDIATE;
UPDATE crm_holdclearing SET entry = counted.number
FROM (SELECT id, row_number() OVER (ORDER BY at, ctid) AS number FROM crm_holdclearing) AS counted
WHERE counted.id = crm_holdclearing.id;
"""


def numbered(model: str, index: str) -> list[migrations.operations.base.Operation]:
    """Let the rows of a model draw numbers, and sort by that."""
    return [
        migrations.AddField(
            model, "entry", models.BigIntegerField(db_default=crm.models.base.NextInOrder(), editable=False)
        ),
        migrations.RemoveIndex(model, index),
        migrations.AddIndex(model, models.Index(fields=["lead", "-entry"], name=index)),
    ]


class Migration(migrations.Migration):
    """Number what clinicians decide: what comes from here on is numbered as it comes."""

    dependencies = [("crm", "0043_where_an_injection_was_given")]

    operations = [
        *numbered("reviewdecision", "decision_of_lead"),
        *numbered("holdclearing", "clearing_of_lead"),
        migrations.RunSQL(NUMBER, migrations.RunSQL.noop),
    ]
