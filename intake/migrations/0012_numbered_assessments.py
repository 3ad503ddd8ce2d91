from django.db import migrations, models

# Constraints are looked at row by row: a trigger cannot be switched while some wait for the end of the transaction.
NUMBER = """
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE intake_assessment DISABLE TRIGGER USER;
UPDATE intake_assessment SET number = counted.number
FROM (SELECT id, row_number() OVER (PARTITION BY lead_id ORDER BY at, id) AS number FROM intake_assessment) AS counted
WHERE counted.id = intake_assessment.id AND counted.number > 1;
ALTER TABLE intake_assessment ENABLE TRIGGER USER;
"""


class Migration(migrations.Migration):
    """Number the assessments of each lead by time: from here on each one is numbered under the lock of its lead."""

    dependencies = [("intake", "0011_each_payload_once")]

    operations = [
        migrations.AddField("assessment", "number", models.PositiveIntegerField(default=1)),
        migrations.RunSQL(NUMBER, migrations.RunSQL.noop),
        migrations.RemoveIndex("assessment", "assessment_of_lead"),
        migrations.AddConstraint(
            "assessment", models.UniqueConstraint(fields=["lead", "number"], name="assessment_number")
        ),
    ]
