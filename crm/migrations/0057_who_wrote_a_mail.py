import crm.fields.encrypted
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('crm', '0056_mail_of_mail_systems'),
    ]

    operations = [
        migrations.AddField(
            model_name='inboundmail',
            name='sender',
            field=crm.fields.encrypted.EncryptedTextField(context='crm.inbound_mail.sender', editable=True, help_text='Name and address as it says, which anybody can write.', null=True),
        ),
    ]
