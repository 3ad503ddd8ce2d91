from django.db import migrations, models

import crm.models.base

# Numbered by time, and of one moment as they lie in the table: in the order in which they came. Constraints are looked
# at row by row: a trigger cannot be switched while some wait for the end of the transaction.
NUMBER = """
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE crm_consentrecord DISABLE TRIGGER USER;
UPDATE crm_consentrecord SET entry = counted.number
FROM (SELECT id, row_number() OVER (ORDER BY at, ctid) AS number FROM crm_consentrecord) AS counted
WHERE counted.id = crm_consentrecord.id;
ALTER TABLE crm_consentrecord ENABLE TRIGGER USER;
"""


class Migration(migrations.Migration):
    """Number the proofs of agreement: what comes from here on is numbered as it comes."""

    dependencies = [("crm", "0038_files_taken_back")]

    operations = [
        migrations.RunSQL("CREATE SEQUENCE crm_entry", "DROP SEQUENCE crm_entry"),
        migrations.AddField(
            "consentrecord", "entry", models.BigIntegerField(db_default=crm.models.base.NextInOrder(), editable=False)
        ),
        migrations.RunSQL(NUMBER, migrations.RunSQL.noop),
        migrations.RemoveIndex("consentrecord", "consent_of_lead"),
        migrations.AddIndex(
            "consentrecord", models.Index(fields=["lead", "kind", "-at", "-entry"], name="consent_of_lead")
        ),
    ]
