from django.db import migrations, models


class Migration(migrations.Migration):
    """Files that came with a reply wait for a person, whatever the scanner says."""

    dependencies = [("crm", "0049_mailbox_marks")]

    operations = [
        migrations.AddField(
            "document",
            "by_mail",
            models.BooleanField(
                db_default=False, default=False, help_text="Came with a reply: who sent it is not proven."
            ),
        )
    ]
