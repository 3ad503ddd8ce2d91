from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("crm", "0059_mails_that_broke_off")]
    operations = [migrations.RenameField("enrollment", "hurry", "run_now")]
