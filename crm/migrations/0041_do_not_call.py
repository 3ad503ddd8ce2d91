from django.db import migrations, models

# Until now the last call alone knew of it. Who asked once is not called until somebody takes it back.
FILL = """
UPDATE crm_lead SET do_not_call = TRUE
WHERE EXISTS (
    SELECT FROM crm_activity
    WHERE crm_activity.lead_id = crm_lead.id AND crm_activity.call_outcome = 'asked_not_to_call'
)
"""


class Migration(migrations.Migration):
    """Keep on the lead that they asked not to be called."""

    dependencies = [("crm", "0040_corrected_scores")]

    operations = [
        migrations.AddField(
            "lead",
            "do_not_call",
            models.BooleanField(
                "not to be called",
                default=False,
                db_default=False,
                help_text="They asked for no calls: we write instead.",
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
