from django.db import migrations

# What shows an insurer's criterion is no longer taken back; pages that were noted before count as well.
KEPT = """
    UPDATE crm_document SET opened_at = noted.at
    FROM (SELECT document_id AS id, min(created_at) AS at FROM intake_pageofproof GROUP BY 1) AS noted
    WHERE noted.id = crm_document.id AND crm_document.opened_at IS NULL
"""


class Migration(migrations.Migration):
    dependencies = [
        ("intake", "0018_entries_in_order"),
        ("crm", "0038_files_taken_back"),
    ]

    operations = [migrations.RunSQL(KEPT, migrations.RunSQL.noop)]
