import crm.db.lookups
import crm.fields.encrypted
import crm.fields.npi
import crm.models.base
import crm.models.lead
import crm.models.location
import crm.models.measurement
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.core.serializers.json
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.math
import django.db.models.functions.text
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
import uuid
from django.conf import settings
from django.contrib.postgres.operations import BtreeGistExtension, TrigramExtension, UnaccentExtension
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        TrigramExtension(),
        BtreeGistExtension(),
        UnaccentExtension(),
        # Numbers in the order of writing, which are the defaults of columns below.
        migrations.RunSQL("CREATE SEQUENCE crm_entry", "DROP SEQUENCE crm_entry"),
        migrations.RunSQL("CREATE SEQUENCE crm_measurement_entry", "DROP SEQUENCE crm_measurement_entry"),
        migrations.CreateModel(
            name='Activity',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('request', 'Request'), ('request_changed', 'Request sent again with changes'), ('call', 'Call'), ('note', 'Note'), ('stage', 'Stage'), ('treatment_added', 'Treatment added'), ('treatment_corrected', 'Treatment corrected'), ('treatment_disputed', 'The patient says otherwise'), ('safety_hold', 'Safety hold'), ('details', 'Contact details changed'), ('answers', 'Questions answered'), ('outcome', 'Assessment'), ('measured', 'Score recorded'), ('message', 'Message'), ('document', 'Document'), ('imaging', 'Imaging'), ('insurance', 'Insurance'), ('referral', 'Referral'), ('appointment', 'Appointment')], max_length=20)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('summary', models.CharField(blank=True, max_length=200)),
                ('note', models.TextField(blank=True)),
                ('call_outcome', models.CharField(blank=True, choices=[('reached', 'Reached'), ('left_voicemail', 'Left voicemail'), ('no_answer', 'No answer'), ('busy', 'Busy'), ('wrong_number', 'Wrong number'), ('asked_not_to_call', 'Asked not to be called')], max_length=20)),
                ('details', models.JSONField(blank=True, default=dict)),
                ('in_confidence', models.BooleanField(default=False, help_text="Told by somebody else in confidence: not in the patient's own copy.")),
            ],
            options={
                'verbose_name_plural': 'activities',
            },
        ),
        migrations.CreateModel(
            name='AlertCause',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('key', models.CharField(help_text='Names the submission.', max_length=100, unique=True)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='AlertPost',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('round', models.PositiveSmallIntegerField(default=0)),
                ('level', models.PositiveSmallIntegerField()),
                ('due_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('lease_until', models.DateTimeField(null=True)),
                ('done_at', models.DateTimeField(null=True)),
                ('given_up_at', models.DateTimeField(null=True)),
                ('reason', models.CharField(blank=True, max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name='ConsentRecord',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('privacy', 'Privacy notice acknowledged'), ('contact', 'Contact about the request'), ('education', 'Educational e-mail')], max_length=12)),
                ('given', models.BooleanField()),
                ('text', models.TextField()),
                ('text_version', models.CharField(max_length=20)),
                ('language', models.CharField(default='en', max_length=10)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('entry', models.BigIntegerField(db_default=crm.models.base.NextInOrder(), editable=False)),
            ],
        ),
        migrations.CreateModel(
            name='Consultation',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('held_on', models.DateField()),
                ('result', models.CharField(choices=[('procedure', 'A procedure was recommended'), ('conservative', 'Conservative care goes on'), ('more_tests', 'More tests first'), ('referred', 'Referred elsewhere')], max_length=15)),
                ('surgery', models.CharField(blank=True, choices=[('open', 'Not decided yet'), ('wants', 'Wants it'), ('declined', 'Does not want it')], max_length=10)),
                ('note', models.TextField(blank=True, max_length=4000)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name='ContactPerson',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=120)),
                ('relation', models.CharField(help_text='Such as daughter, neighbor or attorney.', max_length=60)),
                ('phone', models.CharField(blank=True, help_text='As Lead.phone.', max_length=20)),
                ('email', models.CharField(blank=True, max_length=254, verbose_name='e-mail')),
                ('may_discuss', models.BooleanField(default=False, verbose_name='may discuss health matters')),
                ('may_book', models.BooleanField(default=False, verbose_name='may make and change appointments')),
                ('note', models.CharField(blank=True, max_length=200)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('ended_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Document',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('images', 'Pictures of a scan (MRI, CT, X-ray)'), ('report', 'Report about a scan'), ('referral', 'Referral letter'), ('insurance', 'Insurance card'), ('other', 'Something else')], max_length=10)),
                ('name', crm.fields.encrypted.EncryptedTextField(context='crm.document.name', editable=True)),
                ('size', models.BigIntegerField()),
                ('stamp', models.BigIntegerField(default=0, help_text="The file's own time of change: tells a resumed file again.")),
                ('received', models.BigIntegerField(default=0)),
                ('stored', models.BigIntegerField(default=0)),
                ('sha256', models.CharField(blank=True, max_length=64)),
                ('media_type', models.CharField(blank=True, max_length=40)),
                ('study_date', models.DateField(blank=True, null=True)),
                ('modality', models.CharField(blank=True, max_length=16)),
                ('state', models.CharField(choices=[('uploading', 'Not complete'), ('pending', 'Being checked'), ('clean', 'Received'), ('refused', 'Not accepted'), ('released', 'Released')], default='uploading', max_length=10)),
                ('reason', models.CharField(blank=True, choices=[('name_too_long', 'The name of the file is too long. Give it a shorter name and try again.'), ('name_odd', 'The name of the file has signs that we cannot take, such as slashes. Please rename it.'), ('empty', 'The file is empty. Please choose it again.'), ('too_large', 'The file is too large. Send it in smaller parts, or bring it on a disc.'), ('too_much', 'There is no more room for files. Please call us.'), ('type', 'We cannot take this kind of file. Send a PDF, JPEG, PNG, HEIC or DICOM file, or a zip of a scan.'), ('mismatch', 'This is no PDF, picture or scan that we can read. Save it as a PDF, or send a photo of it.'), ('two_in_one', 'The file holds a second file or a program. Print it to a new PDF, or send a photo.'), ('too_many_pixels', 'The picture is too large. Send a smaller one.'), ('damaged', 'The file is damaged or not complete. Please send it again.'), ('unpacked', 'The file would be far too large when unpacked. Ask for it in another form, or call us.'), ('unchecked', 'We could not check this file: it takes too long. Please save it anew, or call us.'), ('zip_too_many', 'The zip holds too many files. Send it in parts.'), ('zip_too_large', 'The zip would be too large when unpacked. Send it in parts.'), ('zip_nested', 'The zip holds another zip. Unpack that one first.'), ('zip_locked', 'The zip has a password. Send it without one.'), ('zip_no_study', 'The zip holds no scan (DICOM files).'), ('zip_other', 'The zip holds files that are not part of a scan. Send only pictures and the report.'), ('zip_paths', 'The zip holds names that lead out of its folder. Zip the folder of the scan anew.'), ('virus', 'Our virus scanner found something in the file. Please call us.'), ('already', 'This file is there already: you need not send it again.'), ('interrupted', 'The upload was not finished within 7 days.')], max_length=20)),
                ('source', models.CharField(choices=[('patient', 'Patient'), ('coordinator', 'Coordinator'), ('medical_record', 'Medical record'), ('referring_provider', 'Referring provider')], max_length=20)),
                ('by_mail', models.BooleanField(db_default=False, default=False, help_text='Came with a reply: who sent it is not proven.')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('touched_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('finished_at', models.DateTimeField(null=True)),
                ('opened_at', models.DateTimeField(help_text='When staff first opened it: no longer to be taken back.', null=True)),
                ('scan_at', models.DateTimeField(help_text='When the scanner is asked next.', null=True)),
                ('released_at', models.DateTimeField(null=True)),
            ],
            options={
                'permissions': [('release_document', 'Can release a document that no scanner has seen')],
            },
        ),
        migrations.CreateModel(
            name='DomainPace',
            fields=[
                ('domain', models.CharField(max_length=253, primary_key=True, serialize=False)),
                ('next_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='EmergencyCount',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('day', models.DateField()),
                ('count', models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='Enrollment',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('key', models.CharField(max_length=40)),
                ('cause', models.CharField(blank=True, max_length=120, null=True, unique=True)),
                ('state', models.CharField(choices=[('live', 'Running'), ('paused', 'Paused'), ('done', 'Finished'), ('stopped', 'Stopped'), ('parked', 'Waits for a person')], default='live', max_length=8)),
                ('anchor', models.DateTimeField()),
                ('started_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('due_at', models.DateTimeField(blank=True, help_text='When its next step is due.', null=True)),
                ('paused_at', models.DateTimeField(blank=True, null=True)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('reason', models.CharField(blank=True, help_text='Why it is in this state, in words.', max_length=200)),
                ('because', models.CharField(blank=True, choices=[('hold', 'Safety hold: people only'), ('wrote', 'The patient wrote: a person decides how to go on')], help_text='What is judged by it.', max_length=5)),
                ('run_now', models.BooleanField(default=False, help_text='Somebody wants the next step at once.')),
                ('tries', models.PositiveSmallIntegerField(default=0, help_text='How often the step that is due went wrong.')),
            ],
        ),
        migrations.CreateModel(
            name='Heartbeat',
            fields=[
                ('name', models.CharField(choices=[('beat', 'The clock (beat) has not struck'), ('urgent', 'No worker has taken urgent mail (codes, links and alerts)'), ('mail', 'No worker has taken other mail'), ('slow', 'No worker has taken incoming mail, calendars and scans')], max_length=6, primary_key=True, serialize=False)),
                ('at', models.DateTimeField(help_text="By PostgreSQL's clock.")),
            ],
        ),
        migrations.CreateModel(
            name='HoldClearing',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('entry', models.BigIntegerField(db_default=crm.models.base.NextInOrder(), editable=False)),
                ('note', models.TextField(max_length=4000)),
                ('seen', models.PositiveIntegerField(default=0)),
                ('signs', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=12), blank=True, default=list)),
            ],
        ),
        migrations.CreateModel(
            name='ImagingStudy',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('modality', models.CharField(choices=[('mri', 'MRI'), ('mri_contrast', 'MRI with contrast'), ('ct', 'CT'), ('ct_myelogram', 'CT myelogram'), ('xray', 'X-ray'), ('xray_flexion', 'Flexion-extension X-ray'), ('emg', 'EMG/NCS'), ('bone', 'Bone scan or DEXA')], max_length=15)),
                ('region', models.CharField(choices=[('cervical', 'Neck'), ('thoracic', 'Mid back'), ('lumbar', 'Low back'), ('sacral', 'Tailbone and pelvis')], max_length=10)),
                ('made_on', models.DateField(blank=True, null=True)),
                ('made_precision', models.CharField(choices=[('day', 'Exact day'), ('month', 'Month'), ('year', 'Year')], default='month', max_length=5)),
                ('facility', models.CharField(blank=True, max_length=120)),
                ('facility_phone', models.CharField(blank=True, max_length=40)),
                ('medium', models.CharField(choices=[('unknown', 'Not known'), ('portal', 'Portal'), ('cd', 'CD'), ('film', 'Film'), ('uploaded', 'Uploaded')], default='unknown', max_length=10)),
                ('place', models.CharField(blank=True, help_text='Where the disc or film is now.', max_length=120)),
                ('requested_at', models.DateTimeField(blank=True, null=True)),
                ('report_at', models.DateTimeField(blank=True, null=True)),
                ('images_at', models.DateTimeField(blank=True, null=True)),
                ('reviewed_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                'verbose_name_plural': 'imaging studies',
                'permissions': [('review_imagingstudy', 'Can say that a study was reviewed')],
            },
        ),
        migrations.CreateModel(
            name='InboundMail',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('external_id', models.CharField(max_length=250, unique=True)),
                ('kind', models.CharField(choices=[('reply', 'Reply'), ('robot', 'Automatic reply'), ('hard_bounce', 'Returned: the address does not work'), ('soft_bounce', 'Returned: not now'), ('complaint', 'Reported as unwanted'), ('receipt', 'Receipt: it was read'), ('calendar', 'Answer to an invitation'), ('other', 'From a mail system')], max_length=12)),
                ('address_hash', models.CharField(blank=True, help_text='Of whom a bounce or complaint speaks; of a reply, its sender where that is proven.', max_length=64)),
                ('status', models.CharField(blank=True, help_text='RFC 3463, such as 5.1.1.', max_length=12)),
                ('sender', crm.fields.encrypted.EncryptedTextField(context='crm.inbound_mail.sender', editable=True, help_text='Name and address as it says, which anybody can write.', null=True)),
                ('text', crm.fields.encrypted.EncryptedTextField(context='crm.inbound_mail.text', editable=True)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name='JobRun',
            fields=[
                ('job', models.CharField(max_length=40, primary_key=True, serialize=False)),
                ('begun_at', models.DateTimeField(help_text="By PostgreSQL's clock.")),
            ],
        ),
        migrations.CreateModel(
            name='Lead',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('reference', models.CharField(default=crm.models.lead.make_reference, editable=False, max_length=9, unique=True)),
                ('first_name', models.CharField(max_length=80)),
                ('last_name', models.CharField(max_length=80)),
                ('email', models.CharField(blank=True, max_length=254, verbose_name='e-mail')),
                ('phone', models.CharField(blank=True, help_text='E.164, then x and an extension.', max_length=20)),
                ('phone_type', models.CharField(blank=True, choices=[('mobile', 'Mobile'), ('landline', 'Landline')], max_length=10)),
                ('preferred_contact', models.CharField(blank=True, choices=[('phone', 'Phone call'), ('email', 'E-mail'), ('text', 'Text message')], max_length=10)),
                ('best_time', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), blank=True, default=list)),
                ('date_of_birth', crm.fields.encrypted.EncryptedTextField(blank=True, context='crm.lead.date_of_birth', editable=True, help_text='ISO', null=True)),
                ('state', models.CharField(blank=True, help_text='Two-letter code; ZZ: outside the United States.', max_length=2)),
                ('timezone', models.CharField(default='America/New_York', max_length=64, validators=[crm.models.location.validate_zone])),
                ('ok_voicemail', models.BooleanField(default=False, verbose_name='voicemail is fine')),
                ('do_not_call', models.BooleanField(db_default=False, default=False, help_text='They asked for no calls: we write instead.', verbose_name='not to be called')),
                ('how_heard', models.CharField(blank=True, max_length=20)),
                ('attribution', models.JSONField(blank=True, default=dict, help_text='How the visitor came: campaign parameters, referring host, first page.')),
                ('language', models.CharField(default='en', max_length=10)),
                ('stage', models.CharField(choices=[('new', 'New'), ('contacting', 'Contacting'), ('qualifying', 'Qualifying'), ('records', 'Records'), ('review', 'Clinical review'), ('booking', 'Booking'), ('booked', 'Booked'), ('consulted', 'Consulted'), ('patient', 'Patient'), ('nurture', 'Nurture'), ('dormant', 'Dormant'), ('improved', 'Improved'), ('lost', 'Lost')], default='new', max_length=12)),
                ('stage_since', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('lost_reason', models.CharField(blank=True, choices=[('chose_other', 'Chose another provider'), ('not_interested', 'No longer interested'), ('cost', 'Cost or insurance'), ('out_of_area', 'Out of area'), ('out_of_scope', 'Not something we treat'), ('wrong_person', 'Wrong person or test'), ('other', 'Other')], max_length=20)),
                ('outcome', models.CharField(blank=True, choices=[('URGENT', 'Urgent'), ('PROMPT_REVIEW', 'Prompt clinical review'), ('OUT_OF_SCOPE', 'Out of scope'), ('MORE_INFO', 'More information needed'), ('CONTINUE_CONSERVATIVE', 'Continue conservative care'), ('CONSULT_LIKELY', 'Consultation reasonable')], max_length=24)),
                ('recheck_on', models.DateField(blank=True, null=True)),
                ('wake_up_on', models.DateField(blank=True, null=True)),
                ('safety_hold', models.BooleanField(default=False)),
                ('came_by', models.CharField(choices=[('web', 'Web'), ('phone', 'Telephone'), ('voicemail', 'Voicemail'), ('walk_in', 'Walk-in'), ('fax', 'Fax')], default='web', max_length=10)),
                ('received_at', models.DateTimeField(default=django.utils.timezone.now, help_text='When it really came: a voicemail is older than its row.')),
                ('tags', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=30), blank=True, default=list)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(auto_now=True)),
            ],
            options={
                'permissions': [('clear_urgent', 'Can lift a safety hold'), ('assign_lead', 'Can give leads to others'), ('view_figures', 'Can see figures')],
            },
        ),
        migrations.CreateModel(
            name='Location',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=120)),
                ('short_name', models.CharField(max_length=40)),
                ('logo', models.FileField(blank=True, help_text='SVG or PNG.', upload_to='logos/', validators=[django.core.validators.FileExtensionValidator(['svg', 'png'])])),
                ('phone', models.CharField(help_text='E.164, such as +12125550100.', max_length=20)),
                ('phone_display', models.CharField(help_text='As printed on pages, such as (212) 555-0100.', max_length=30)),
                ('fax', models.CharField(blank=True, max_length=20)),
                ('street', models.CharField(max_length=120)),
                ('city', models.CharField(max_length=80)),
                ('state', models.CharField(max_length=2)),
                ('postal_code', models.CharField(max_length=12)),
                ('timezone', models.CharField(default='America/New_York', max_length=64, validators=[crm.models.location.validate_zone])),
                ('hours', models.JSONField(default=dict, validators=[crm.models.location.validate_hours])),
                ('holidays', models.JSONField(blank=True, default=list, validators=[crm.models.location.validate_holidays])),
                ('served_states', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=2), blank=True, default=list, help_text='Two-letter codes; empty: everywhere.')),
                ('sender_name', models.CharField(help_text='Neutral: it names no specialty.', max_length=80)),
                ('sender_email', models.EmailField(max_length=254)),
                ('reply_email', models.EmailField(blank=True, help_text='The mailbox of IMAP_URL, where replies and returned mail arrive. It has to take name+anything too.', max_length=254)),
                ('alert_email', models.EmailField(blank=True, help_text='Told of every warning sign, beside whoever is on call. May be empty.', max_length=254)),
                ('nobody_on_call', models.BooleanField(default=False, help_text='Nobody reads requests at once. The emergency page then says so.')),
                ('embed_origins', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=200, validators=[crm.models.location.validate_origin]), blank=True, default=list, help_text='Sites that may show the form, such as https://www.example.org.')),
                ('shares_out', models.BooleanField(default=True, help_text='New leads get an owner in turn; without it nobody has them.', verbose_name='shares new leads out')),
                ('is_active', models.BooleanField(default=True)),
                ('position', models.PositiveSmallIntegerField(default=0, help_text='The lowest is the one that the site shows.')),
            ],
        ),
        migrations.CreateModel(
            name='MailboxMark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('mailbox', models.CharField(max_length=400, unique=True)),
                ('uid', models.PositiveBigIntegerField(help_text='The number of the last mail that was asked for (RFC 3501).')),
            ],
        ),
        migrations.CreateModel(
            name='MailText',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=40)),
                ('language', models.CharField(default='en', max_length=10)),
                ('number', models.PositiveIntegerField()),
                ('subject', models.CharField(max_length=150)),
                ('body', models.TextField()),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('published', 'Published'), ('withdrawn', 'Withdrawn')], default='draft', max_length=10)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                'verbose_name_plural': 'texts',
            },
        ),
        migrations.CreateModel(
            name='MailThread',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('token', models.CharField(max_length=16, unique=True)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Measurement',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('kind', models.CharField(choices=[('nrs_back_avg', 'Back pain, average of 7 days (0-10)'), ('nrs_leg_avg', 'Leg pain, average of 7 days (0-10)'), ('nrs_avg', 'Pain, average of 7 days (0-10)'), ('peg', 'Pain and interference (0-10)'), ('rmdq', 'Roland-Morris total (0-24)'), ('odi', 'Oswestry total (0-100)'), ('ndi', 'Neck disability total (0-100)')], max_length=15)),
                ('value', models.DecimalField(decimal_places=1, max_digits=4)),
                ('source', models.CharField(choices=[('patient', 'Patient'), ('coordinator', 'Coordinator'), ('medical_record', 'Medical record'), ('referring_provider', 'Referring provider')], default='patient', max_length=20)),
                ('entry', models.BigIntegerField(db_default=crm.models.measurement.NextEntry(), editable=False)),
                ('value_before', models.DecimalField(decimal_places=1, max_digits=4, null=True)),
                ('kind_before', models.CharField(blank=True, choices=[('nrs_back_avg', 'Back pain, average of 7 days (0-10)'), ('nrs_leg_avg', 'Leg pain, average of 7 days (0-10)'), ('nrs_avg', 'Pain, average of 7 days (0-10)'), ('peg', 'Pain and interference (0-10)'), ('rmdq', 'Roland-Morris total (0-24)'), ('odi', 'Oswestry total (0-100)'), ('ndi', 'Neck disability total (0-100)')], max_length=15)),
                ('at_before', models.DateTimeField(null=True)),
                ('corrected_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('topic_version', models.PositiveIntegerField(blank=True, null=True)),
                ('key', models.CharField(help_text='Idempotency: one row a reason, at most.', max_length=120, unique=True)),
                ('name', models.CharField(help_text='The template in templates/emails.', max_length=40)),
                ('channel', models.CharField(choices=[('email', 'E-mail'), ('text', 'Text message')], default='email', editable=False, max_length=5)),
                ('message_class', models.CharField(choices=[('answer', "Answer to the patient's own act"), ('reminder', 'Appointment reminder'), ('follow_up', 'Follow-up'), ('relation', 'Follow-up within the relation'), ('commercial', 'Education and advertising')], max_length=10)),
                ('on_unknown', models.CharField(choices=[('resend', 'Send again with the same Message-ID'), ('park', 'Wait for a person')], default='park', max_length=6)),
                ('sender_name', models.CharField(max_length=80)),
                ('sender_email', models.CharField(max_length=254)),
                ('to_email', models.CharField(max_length=254, verbose_name='to')),
                ('subject', models.CharField(blank=True, help_text='Empty: written when it is sent.', max_length=200)),
                ('text', models.TextField(blank=True)),
                ('html', models.TextField(blank=True)),
                ('calendar', models.TextField(blank=True, editable=False, help_text='An iTIP object (RFC 5546) that goes with it.')),
                ('message_id', models.CharField(max_length=200, unique=True)),
                ('state', models.CharField(choices=[('queued', 'Queued'), ('sending', 'Sending'), ('in_data', 'Being handed over'), ('sent', 'Sent'), ('failed', 'Failed'), ('unknown', 'Unknown'), ('cancelled', 'Cancelled'), ('suppressed', 'Suppressed')], default='queued', max_length=10)),
                ('reason', models.CharField(blank=True, help_text='Why it is in this state, in words.', max_length=200)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('due_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('not_after', models.DateTimeField()),
                ('lease_token', models.UUIDField(blank=True, null=True)),
                ('lease_until', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('handed_over_at', models.DateTimeField(blank=True, help_text='The first time: the date that it bears.', null=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='MessageTopic',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('version', models.PositiveIntegerField(default=1)),
                ('live', models.BooleanField(default=True)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('title', models.CharField(max_length=120)),
                ('key', models.CharField(max_length=100)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('seen_at', models.DateTimeField(blank=True, null=True)),
                ('mailed_at', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='OnCallShift',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'on-call shift',
            },
        ),
        migrations.CreateModel(
            name='PatientCode',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('code_hash', models.CharField(max_length=64)),
                ('expires_at', models.DateTimeField()),
                ('tries', models.PositiveSmallIntegerField(default=0)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='PatientLink',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('purpose', models.CharField(choices=[('private_page', 'Private page')], default='private_page', max_length=12)),
                ('token_hash', models.CharField(max_length=64, unique=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('expires_at', models.DateTimeField()),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='PatientSession',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('secret_hash', models.CharField(max_length=64, unique=True)),
                ('origin', models.UUIDField(help_text='The request that this browser had just sent.', null=True)),
                ('may_write', models.BooleanField(default=False, help_text='Begun by the person who has just sent the request.')),
                ('handed_over', models.BooleanField(default=False)),
                ('desk_key', models.CharField(blank=True, help_text="Hash of the key of the desk's session.", max_length=64)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('seen_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('proven_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='PrivateMessage',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('text', crm.fields.encrypted.EncryptedTextField(context='crm.private_message.text', editable=True)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('read_at', models.DateTimeField(help_text='When the other side first saw it.', null=True)),
            ],
        ),
        migrations.CreateModel(
            name='ProofTry',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('way', models.CharField(choices=[('birthday', 'Date of birth'), ('code', 'Code')], max_length=10)),
                ('address_hash', models.CharField(blank=True, help_text='Keyed; of the IP address.', max_length=64)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name='Referral',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('referred_on', models.DateField()),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('may_tell', models.BooleanField(default=True, verbose_name='the patient does not mind that we report back')),
                ('arrival_told_at', models.DateTimeField(blank=True, null=True)),
                ('outcome_told_at', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='ReferringPractice',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=120, verbose_name='practice')),
                ('provider', models.CharField(blank=True, help_text='Who refers, such as Jordan Example, MD. Empty: the whole practice.', max_length=120)),
                ('npi', models.CharField(blank=True, help_text='National Provider Identifier, ten digits.', max_length=10, validators=[crm.fields.npi.validate_npi], verbose_name='NPI')),
                ('phone', models.CharField(blank=True, help_text='As Lead.phone.', max_length=20)),
                ('fax', models.CharField(blank=True, help_text='As Lead.phone.', max_length=20)),
                ('email', models.EmailField(blank=True, help_text='For appointments about visits. Never for health data.', max_length=254, verbose_name='e-mail')),
                ('city', models.CharField(blank=True, max_length=80)),
                ('state', models.CharField(blank=True, max_length=2)),
                ('note', models.CharField(blank=True, help_text='How they like to be told.', max_length=200)),
                ('is_active', models.BooleanField(default=True)),
            ],
        ),
        migrations.CreateModel(
            name='ReviewDecision',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('decision', models.CharField(choices=[('suitable', 'Suitable for a consultation'), ('more_tests', 'More tests first'), ('continue_care', 'Continue conservative care'), ('refer_elsewhere', 'Refer elsewhere')], max_length=15)),
                ('reason', models.TextField(max_length=4000)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('entry', models.BigIntegerField(db_default=crm.models.base.NextInOrder(), editable=False)),
                ('needs_second', models.BooleanField(default=False)),
                ('second_at', models.DateTimeField(blank=True, null=True)),
                ('seen', models.PositiveIntegerField(default=0)),
                ('signs', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=12), blank=True, default=list)),
                ('void_at', models.DateTimeField(blank=True, null=True)),
                ('void_because', models.CharField(blank=True, max_length=200)),
            ],
            options={
                'permissions': [('decide_review', 'Can decide a clinical review')],
            },
        ),
        migrations.CreateModel(
            name='SafetyAlert',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('raised_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('level', models.PositiveSmallIntegerField(default=0)),
                ('round', models.PositiveSmallIntegerField(default=0)),
                ('next_level_at', models.DateTimeField(null=True)),
                ('acknowledged_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Sending',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ('is_paused', models.BooleanField(default=False)),
                ('through_second', models.BooleanField(default=False, help_text='EMAIL_URL_2 instead of EMAIL_URL.')),
                ('commercial_paused', models.BooleanField(default=False, help_text='Too many complaints; or by hand.')),
                ('waits_until', models.DateTimeField(help_text='The server refused us: nothing is tried before.', null=True)),
                ('fenced', models.PositiveBigIntegerField(default=0, help_text='Late writes of workers that had lost their lease.')),
                ('broken_off', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), db_default=[], default=list, help_text='The mails over which it hung up since it took one.')),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('changed_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name_plural': 'sending',
            },
        ),
        migrations.CreateModel(
            name='SentForm',
            fields=[
                ('key', models.UUIDField(primary_key=True, serialize=False)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name='SequenceVersion',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('key', models.CharField(max_length=40)),
                ('number', models.PositiveIntegerField()),
                ('body', models.JSONField()),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('published', 'Published'), ('withdrawn', 'Withdrawn')], default='draft', max_length=10)),
                ('note', models.CharField(blank=True, help_text='What was changed, and why.', max_length=200)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                'verbose_name_plural': 'sequences',
            },
        ),
        migrations.CreateModel(
            name='SetAsideMail',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('digest', models.CharField(help_text='SHA-256 of the source: told twice, it is one.', max_length=64, unique=True)),
                ('came_by', models.CharField(help_text='mailbox, or the name of the provider.', max_length=12)),
                ('reason', models.CharField(choices=[('too_large', 'Too large'), ('too_complex', 'Too many parts'), ('too_slow', 'Took too long to read'), ('unreadable', 'Cannot be read'), ('not_stored', 'Could not be stored')], max_length=12)),
                ('source', crm.fields.encrypted.EncryptedBytesField(context='crm.set_aside_mail.source', editable=True)),
                ('size', models.PositiveBigIntegerField(help_text='Of the whole mail, in bytes.')),
                ('form', models.CharField(choices=[('mail', 'The whole mail'), ('headers', 'Its headers: the mail itself is still in the mailbox'), ('call', 'What the provider sent about it')], default='mail', max_length=8)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('settled_at', models.DateTimeField(null=True)),
                ('settled_as', models.CharField(blank=True, choices=[('by_hand', 'Taken care of by hand'), ('nothing', 'Nothing to do'), ('taken_in', 'Taken in after all')], max_length=12)),
            ],
        ),
        migrations.CreateModel(
            name='SignInPace',
            fields=[
                ('key', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('wrong', models.PositiveIntegerField()),
                ('at', models.DateTimeField(db_index=True)),
                ('not_before', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Snippet',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('title', models.CharField(max_length=80, unique=True)),
                ('text_en', models.TextField(verbose_name='English')),
                ('text_es', models.TextField(blank=True, verbose_name='Spanish')),
                ('is_active', models.BooleanField(default=True)),
            ],
            options={
                'ordering': ['title'],
            },
        ),
        migrations.CreateModel(
            name='StageRule',
            fields=[
                ('stage', models.CharField(choices=[('new', 'New'), ('contacting', 'Contacting'), ('qualifying', 'Qualifying'), ('records', 'Records'), ('review', 'Clinical review'), ('booking', 'Booking'), ('booked', 'Booked'), ('consulted', 'Consulted'), ('patient', 'Patient'), ('nurture', 'Nurture'), ('dormant', 'Dormant'), ('improved', 'Improved'), ('lost', 'Lost')], editable=False, max_length=12, primary_key=True, serialize=False)),
                ('label', models.CharField(max_length=24, unique=True)),
                ('position', models.PositiveSmallIntegerField(help_text='Order of the columns on the board.')),
                ('answer_within_minutes', models.PositiveIntegerField(blank=True, help_text='For a lead that has just come here: the next step is due so many minutes of opening hours later.', null=True, validators=[django.core.validators.MinValueValidator(1)])),
                ('rots_after_days', models.PositiveSmallIntegerField(blank=True, help_text='After so many days here the card turns red; amber from half of them. Empty: never.', null=True, validators=[django.core.validators.MinValueValidator(1)])),
                ('requires', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('next_step', 'A next step with its day'), ('owner', 'An owner'), ('note', 'A note that says why'), ('assessed', 'An assessment')], max_length=12), blank=True, default=list, help_text='What somebody who moves a lead here has to see to.')),
            ],
        ),
        migrations.CreateModel(
            name='StepOutcome',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('step', models.CharField(max_length=40)),
                ('result', models.CharField(choices=[('mail', 'Mail written'), ('task', 'Task opened'), ('instead', 'Call instead of a mail'), ('moved', 'Stage moved'), ('folded', 'Made with the request'), ('skipped', 'Skipped'), ('blocked', 'Not allowed'), ('failed', 'Failed')], max_length=8)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name='Suppression',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('address_hash', models.CharField(max_length=64)),
                ('lead_ref', models.UUIDField(blank=True, null=True)),
                ('scope', models.CharField(choices=[('education', 'Education and news'), ('most', 'Everything but appointments'), ('everything', 'Everything')], max_length=10)),
                ('because', models.CharField(choices=[('opt_out', 'Asked for no more mail'), ('bounce', 'The address does not exist or takes no mail'), ('complaint', 'Reported as unwanted'), ('staff', 'Stopped by a member of staff')], max_length=10)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('lifted_at', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Task',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('call', 'Call'), ('urgent_call', 'Urgent call'), ('review', 'Clinical review'), ('mail_problem', 'Mail not delivered'), ('answer', 'Message to answer'), ('privacy', 'Privacy request'), ('verify', 'Insurance to verify'), ('referrer', 'Referrer to tell'), ('next_step', 'Next step'), ('returned', 'Came back without an owner'), ('rebook', 'Another time to find'), ('estimate', 'Good-faith estimate'), ('other', 'Other')], default='other', max_length=15)),
                ('title', models.CharField(max_length=120)),
                ('due_at', models.DateTimeField()),
                ('put_off_until', models.DateTimeField(blank=True, editable=False, null=True)),
                ('first_due_at', models.DateTimeField(blank=True, editable=False, help_text='Before somebody put it off; empty: nobody did.', null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('done_at', models.DateTimeField(blank=True, null=True)),
                ('key', models.CharField(blank=True, editable=False, help_text='One task an event, at most.', max_length=100, null=True, unique=True)),
            ],
        ),
        migrations.CreateModel(
            name='Treatment',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('pt_supervised', 'Physical therapy, supervised'), ('pt_aquatic', 'Physical therapy in water'), ('pt_mckenzie', 'McKenzie therapy'), ('pt_core_stabilisation', 'Core stabilization therapy'), ('hep_prescribed', 'Home exercise program, prescribed'), ('exercise_self', "Exercise on one's own"), ('med_acetaminophen', 'Acetaminophen'), ('med_nsaid_otc', 'Anti-inflammatory, over the counter'), ('med_nsaid_rx', 'Anti-inflammatory, prescribed'), ('med_cox2', 'COX-2 inhibitor'), ('med_oral_steroid', 'Oral steroid (pack or taper)'), ('med_muscle_relaxant', 'Muscle relaxant'), ('med_neuropathic_gabapentinoid', 'Nerve-pain medicine (gabapentinoid)'), ('med_neuropathic_snri', 'Nerve-pain medicine (SNRI)'), ('med_neuropathic_tca', 'Nerve-pain medicine (tricyclic)'), ('med_opioid_weak', 'Opioid, weak'), ('med_opioid_strong', 'Opioid, strong'), ('med_topical', 'Cream, gel or patch'), ('med_cannabinoid', 'Cannabinoid'), ('med_other', 'Other medication'), ('esi_interlaminar', 'Epidural steroid injection, interlaminar'), ('esi_transforaminal', 'Epidural steroid injection, transforaminal'), ('esi_caudal', 'Epidural steroid injection, caudal'), ('esi_unknown', 'Epidural steroid injection, approach not known'), ('snrb', 'Selective nerve root block (SNRB)'), ('facet_intraarticular', 'Facet joint injection'), ('mbb', 'Medial branch block (MBB)'), ('rfa', 'Radio-frequency ablation (RFA)'), ('si_joint_injection', 'Sacroiliac joint injection'), ('trigger_point', 'Trigger point injection'), ('inj_other', 'Other injection'), ('chiropractic', 'Chiropractic'), ('osteopathic_manual', 'Osteopathic manual treatment'), ('massage', 'Massage'), ('acupuncture', 'Acupuncture'), ('dry_needling', 'Dry needling'), ('traction_mechanical', 'Mechanical traction'), ('decompression_table', 'Decompression table'), ('inversion', 'Inversion table'), ('tens', 'TENS'), ('brace_lumbar', 'Lumbar brace'), ('collar_cervical', 'Cervical collar'), ('orthotics', 'Orthotics'), ('ergonomic', 'Ergonomic aid'), ('scs_trial', 'Spinal-cord stimulator trial'), ('heat', 'Heat'), ('cold', 'Cold'), ('activity_modification', 'Changed activities'), ('short_rest', 'Short rest'), ('weight_loss', 'Weight loss'), ('smoking_cessation', 'Stopping smoking'), ('cbt', 'Cognitive behavioral therapy'), ('mindfulness_mbsr', 'Mindfulness'), ('pain_programme_multidisciplinary', 'Multidisciplinary pain program'), ('biofeedback', 'Biofeedback'), ('sleep_programme', 'Sleep program'), ('prp_stem_cell', 'PRP or stem cells'), ('herbal', 'Herbal remedy'), ('other', 'Other')], max_length=40)),
                ('kind_other', models.CharField(blank=True, max_length=120, verbose_name='what exactly')),
                ('body_region', models.CharField(blank=True, choices=[('cervical', 'Neck'), ('thoracic', 'Mid back'), ('lumbar', 'Low back'), ('sacral', 'Tailbone and pelvis')], help_text='Empty: not said.', max_length=10)),
                ('side', models.CharField(blank=True, choices=[('left', 'Left'), ('right', 'Right'), ('both', 'Both')], max_length=5)),
                ('level', models.CharField(blank=True, help_text='Such as L4-5.', max_length=40)),
                ('guidance', models.CharField(blank=True, choices=[('fluoro', 'X-ray (fluoroscopy)'), ('ct', 'CT'), ('us', 'Ultrasound'), ('none', 'None'), ('unknown', 'Not known')], max_length=10)),
                ('drug_name', models.CharField(blank=True, max_length=120)),
                ('directed_by_clinician', models.BooleanField(blank=True, help_text='Insurers ask whether a clinician directed it.', null=True)),
                ('setting', models.CharField(blank=True, choices=[('in_person', 'In person'), ('virtual', 'Virtual'), ('home', 'At home'), ('self', "On one's own")], max_length=10)),
                ('provider_name', models.CharField(blank=True, max_length=120)),
                ('provider_type', models.CharField(blank=True, choices=[('pt', 'Physical therapist'), ('pcp', 'Primary care'), ('pain', 'Pain physician'), ('chiropractor', 'Chiropractor'), ('surgeon', 'Surgeon'), ('acupuncturist', 'Acupuncturist'), ('psychologist', 'Psychologist'), ('self', 'Self'), ('other', 'Other')], max_length=15)),
                ('facility', models.CharField(blank=True, max_length=120)),
                ('provider_phone', models.CharField(blank=True, max_length=40)),
                ('start_date', models.DateField(blank=True, null=True)),
                ('start_precision', models.CharField(choices=[('day', 'Exact day'), ('month', 'Month'), ('year', 'Year')], default='month', max_length=5)),
                ('end_date', models.DateField(blank=True, null=True)),
                ('end_precision', models.CharField(choices=[('day', 'Exact day'), ('month', 'Month'), ('year', 'Year')], default='month', max_length=5)),
                ('ongoing', models.BooleanField(default=False)),
                ('sessions', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('per_week', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('relief_percent', models.PositiveSmallIntegerField(blank=True, help_text='0-100; empty: not asked.', null=True)),
                ('relief_duration_days', models.PositiveIntegerField(blank=True, help_text='0: none.', null=True)),
                ('relief_still_present', models.BooleanField(default=False)),
                ('function_change', models.CharField(blank=True, choices=[('better', 'Better'), ('same', 'Same'), ('worse', 'Worse'), ('unknown', 'Not known')], max_length=8)),
                ('side_effects', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('none', 'None'), ('stomach', 'Stomach'), ('drowsy', 'Drowsy'), ('dizzy', 'Dizzy'), ('constipation', 'Constipation'), ('mood', 'Mood'), ('bleeding', 'Bleeding'), ('infection', 'Infection'), ('raised_sugar', 'Raised blood sugar'), ('headache', 'Headache'), ('pain_flare', 'Pain flare'), ('other', 'Other')], max_length=15), blank=True, default=list)),
                ('side_effects_text', models.CharField(blank=True, max_length=200)),
                ('status', models.CharField(blank=True, choices=[('planned', 'Planned'), ('ongoing', 'Ongoing'), ('completed', 'Completed'), ('stopped_no_benefit', 'Stopped: no benefit'), ('stopped_side_effects', 'Stopped: side effects'), ('stopped_made_worse', 'Stopped: made it worse'), ('stopped_cost_access', 'Stopped: cost or access'), ('contraindicated', 'Contraindicated'), ('declined', 'Declined')], help_text='Empty: not said.', max_length=22)),
                ('stop_reason', models.CharField(blank=True, max_length=200)),
                ('unsure_of', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('dates', 'When it was'), ('relief_percent', 'How much it helped'), ('relief_duration_days', 'How long it helped'), ('directed_by_clinician', 'Whether a clinician directed it'), ('body_region', 'Where it was given')], max_length=25), blank=True, default=list, help_text='Asked, and answered with “not sure”.')),
                ('documentation', models.CharField(choices=[('none', 'None yet'), ('requested', 'Requested'), ('received', 'Received'), ('verified', 'Verified'), ('waived', 'Waived')], default='none', max_length=10)),
                ('requested_at', models.DateTimeField(blank=True, null=True)),
                ('received_at', models.DateTimeField(blank=True, null=True)),
                ('source', models.CharField(choices=[('patient', 'Patient'), ('coordinator', 'Coordinator'), ('medical_record', 'Medical record'), ('referring_provider', 'Referring provider')], default='coordinator', max_length=20)),
                ('verified_at', models.DateTimeField(blank=True, null=True)),
                ('news', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=25), blank=True, default=list, help_text='Told since, by column.')),
                ('disputed', models.JSONField(blank=True, default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder, help_text='What the patient says otherwise than it was verified, by column.')),
                ('disputed_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(auto_now=True)),
            ],
        ),
        migrations.CreateModel(
            name='UnfetchedMail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('mailbox', models.CharField(max_length=400)),
                ('uid', models.PositiveBigIntegerField(help_text='Its number in that mailbox (RFC 3501).')),
                ('drops', models.PositiveIntegerField(default=0)),
                ('at', models.DateTimeField(help_text='When it was last asked for.')),
                ('is_told', models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name='User',
            fields=[
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('email', models.EmailField(error_messages={'unique': 'This e-mail is taken.'}, max_length=254, unique=True, verbose_name='e-mail')),
                ('name', models.CharField(max_length=120)),
                ('is_staff', models.BooleanField(default=False, verbose_name='may open the desk')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('takes_leads', models.BooleanField(default=True, help_text='When they are shared out in turn.', verbose_name='takes new leads')),
                ('languages', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=10), blank=True, default=list, help_text='Spoken beside English, such as es.')),
                ('licensed_states', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=2), blank=True, default=list, help_text='Two-letter codes; empty: everywhere.')),
                ('hours', models.JSONField(blank=True, default=dict, help_text='Working hours; empty: those of the location.', validators=[crm.models.location.validate_hours])),
                ('digest_at', models.PositiveSmallIntegerField(blank=True, help_text="The hour at which a mail says how many notices are new, on the center's clock. Empty: none.", null=True, validators=[django.core.validators.MaxValueValidator(23)], verbose_name='daily mail')),
                ('last_lead_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('date_joined', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('set_up_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('set_up_by', models.ForeignKey(blank=True, editable=False, help_text='Who last made this account, or changed its address, roles or password for its owner.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
        ),
        migrations.CreateModel(
            name='Absence',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('first_day', models.DateField()),
                ('last_day', models.DateField(help_text='The last day away.')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='absences', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='AccessEvent',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('user_id', models.UUIDField(null=True)),
                ('action', models.CharField(choices=[('view', 'Viewed'), ('list', 'Listed'), ('search', 'Searched'), ('edit', 'Edited'), ('download', 'Downloaded'), ('login', 'Signed in'), ('login_failed', 'Sign-in failed')], max_length=15)),
                ('object_type', models.CharField(blank=True, max_length=40)),
                ('object_ids', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list)),
                ('keyed_hash', models.CharField(blank=True, help_text='Of a search term or a sign-in name.', max_length=64)),
                ('address_hash', models.CharField(blank=True, help_text='Of a failed sign-in: of its IP address.', max_length=64)),
            ],
            options={
                'indexes': [models.Index(fields=['user_id', '-at'], name='access_by_user'), models.Index(fields=['-at'], name='access_newest'), django.contrib.postgres.indexes.GinIndex(fields=['object_ids'], name='access_of_object')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='accessevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='d20f690b659737d2f2ad8b7352c8a83fbfae7711', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_a609b', table='crm_accessevent', when='BEFORE')),
        ),
        migrations.AddField(
            model_name='activity',
            name='by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='consentrecord',
            name='witnessed_by',
            field=models.ForeignKey(help_text='Who read the words aloud and heard the answer; empty: the person ticked the box.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='consultation',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='contactperson',
            name='created_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='document',
            name='released_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='document',
            name='uploaded_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='heartbeat',
            constraint=models.CheckConstraint(condition=models.Q(('name__in', ['beat', 'urgent', 'mail', 'slow'])), name='heartbeat_name_known'),
        ),
        migrations.AddField(
            model_name='holdclearing',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='imagingstudy',
            name='created_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='imagingstudy',
            name='images_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='imagingstudy',
            name='report_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='imagingstudy',
            name='requested_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='imagingstudy',
            name='reviewed_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='document',
            name='study',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='documents', to='crm.imagingstudy'),
        ),
        migrations.AddField(
            model_name='lead',
            name='owner',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='leads', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='inboundmail',
            name='lead',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='inbound_mails', to='crm.lead'),
        ),
        migrations.AddField(
            model_name='imagingstudy',
            name='lead',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='imaging', to='crm.lead'),
        ),
        migrations.AddField(
            model_name='holdclearing',
            name='lead',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='hold_clearings', to='crm.lead'),
        ),
        migrations.AddField(
            model_name='enrollment',
            name='lead',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='enrollments', to='crm.lead'),
        ),
        migrations.AddField(
            model_name='document',
            name='lead',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='documents', to='crm.lead'),
        ),
        migrations.AddField(
            model_name='contactperson',
            name='lead',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='contact_persons', to='crm.lead'),
        ),
        migrations.AddField(
            model_name='consultation',
            name='lead',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='consultations', to='crm.lead'),
        ),
        migrations.AddField(
            model_name='consentrecord',
            name='lead',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='consents', to='crm.lead'),
        ),
        migrations.AddField(
            model_name='activity',
            name='lead',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='activities', to='crm.lead'),
        ),
        migrations.AddConstraint(
            model_name='location',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('sender_email', ''), _negated=True), models.Q(('phone', ''), _negated=True)), name='location_can_be_reached'),
        ),
        migrations.AddField(
            model_name='lead',
            name='location',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='leads', to='crm.location'),
        ),
        migrations.AddField(
            model_name='emergencycount',
            name='location',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='crm.location'),
        ),
        migrations.AddField(
            model_name='user',
            name='locations',
            field=models.ManyToManyField(blank=True, help_text='Sees the leads of these; of all when empty.', related_name='staff', to='crm.location'),
        ),
        migrations.AddField(
            model_name='mailtext',
            name='created_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='mailthread',
            name='lead',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='mail_thread', to='crm.lead'),
        ),
        migrations.AddField(
            model_name='measurement',
            name='by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='measurement',
            name='corrected_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='measurement',
            name='lead',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='measurements', to='crm.lead'),
        ),
        migrations.AddField(
            model_name='message',
            name='enrollment',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='messages', to='crm.enrollment'),
        ),
        migrations.AddField(
            model_name='message',
            name='lead',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='crm.lead'),
        ),
        migrations.AddField(
            model_name='inboundmail',
            name='message',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='inbound', to='crm.message'),
        ),
        migrations.AddField(
            model_name='message',
            name='topic',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='messages', to='crm.messagetopic'),
        ),
        migrations.AddField(
            model_name='notice',
            name='lead',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='notices', to='crm.lead'),
        ),
        migrations.AddField(
            model_name='notice',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notices', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='oncallshift',
            name='location',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='shifts', to='crm.location'),
        ),
        migrations.AddField(
            model_name='oncallshift',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='shifts', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='patientcode',
            name='message',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='codes', to='crm.message'),
        ),
        migrations.AddField(
            model_name='patientlink',
            name='lead',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='links', to='crm.lead'),
        ),
        migrations.AddField(
            model_name='patientlink',
            name='message',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='links', to='crm.message'),
        ),
        migrations.AddField(
            model_name='patientsession',
            name='by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='patientsession',
            name='lead',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='private_sessions', to='crm.lead'),
        ),
        migrations.AddField(
            model_name='patientsession',
            name='link',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='sessions', to='crm.patientlink'),
        ),
        migrations.AddField(
            model_name='patientcode',
            name='session',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='codes', to='crm.patientsession'),
        ),
        migrations.AddField(
            model_name='document',
            name='session',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='crm.patientsession'),
        ),
        migrations.AddField(
            model_name='privatemessage',
            name='by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='privatemessage',
            name='lead',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='private_messages', to='crm.lead'),
        ),
        migrations.AddField(
            model_name='privatemessage',
            name='session',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='crm.patientsession'),
        ),
        migrations.AddField(
            model_name='prooftry',
            name='lead',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='crm.lead'),
        ),
        migrations.AddField(
            model_name='prooftry',
            name='session',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='crm.patientsession'),
        ),
        migrations.AddField(
            model_name='referral',
            name='created_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='referral',
            name='lead',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='referrals', to='crm.lead'),
        ),
        migrations.AddConstraint(
            model_name='referringpractice',
            constraint=models.UniqueConstraint(fields=('name', 'provider'), name='practice_once'),
        ),
        migrations.AddConstraint(
            model_name='referringpractice',
            constraint=models.UniqueConstraint(condition=models.Q(('npi', ''), _negated=True), fields=('npi',), name='practice_npi_once'),
        ),
        migrations.AddField(
            model_name='referral',
            name='practice',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='referrals', to='crm.referringpractice'),
        ),
        migrations.AddField(
            model_name='reviewdecision',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='reviewdecision',
            name='lead',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='review_decisions', to='crm.lead'),
        ),
        migrations.AddField(
            model_name='reviewdecision',
            name='second_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='reviewdecision',
            name='study',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='crm.imagingstudy'),
        ),
        migrations.AddField(
            model_name='safetyalert',
            name='acknowledged_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='safetyalert',
            name='lead',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='alerts', to='crm.lead'),
        ),
        migrations.AddField(
            model_name='alertpost',
            name='alert',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='posts', to='crm.safetyalert'),
        ),
        migrations.AddField(
            model_name='alertcause',
            name='alert',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='causes', to='crm.safetyalert'),
        ),
        migrations.AddField(
            model_name='sending',
            name='changed_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='sentform',
            index=models.Index(fields=['at'], name='sent_form_at'),
        ),
        migrations.AddField(
            model_name='sequenceversion',
            name='created_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='enrollment',
            name='version',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='enrollments', to='crm.sequenceversion'),
        ),
        migrations.AddField(
            model_name='setasidemail',
            name='lead',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='set_aside_mails', to='crm.lead'),
        ),
        migrations.AddField(
            model_name='setasidemail',
            name='settled_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='stagerule',
            constraint=models.CheckConstraint(condition=models.Q(('stage__in', ['new', 'contacting', 'qualifying', 'records', 'review', 'booking', 'booked', 'consulted', 'patient', 'nurture', 'dormant', 'improved', 'lost'])), name='stage_rule_known'),
        ),
        migrations.AddField(
            model_name='stepoutcome',
            name='enrollment',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='outcomes', to='crm.enrollment'),
        ),
        migrations.AddField(
            model_name='stepoutcome',
            name='message',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='outcome', to='crm.message'),
        ),
        migrations.AddIndex(
            model_name='suppression',
            index=models.Index(condition=models.Q(('lifted_at__isnull', True)), fields=['address_hash'], name='suppression_of_address'),
        ),
        migrations.AddConstraint(
            model_name='suppression',
            constraint=models.UniqueConstraint(condition=models.Q(('lifted_at__isnull', True)), fields=('address_hash', 'scope', 'lead_ref', 'because'), name='suppression_once', nulls_distinct=False),
        ),
        migrations.AddField(
            model_name='task',
            name='assigned_to',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='tasks', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='task',
            name='done_by',
            field=models.ForeignKey(blank=True, help_text='Nobody: it came to pass by itself.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='task',
            name='lead',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tasks', to='crm.lead'),
        ),
        migrations.AddField(
            model_name='stepoutcome',
            name='task',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='crm.task'),
        ),
        migrations.AddField(
            model_name='treatment',
            name='created_by',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='treatment',
            name='lead',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='treatments', to='crm.lead'),
        ),
        migrations.AddField(
            model_name='treatment',
            name='updated_by',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='treatment',
            name='verified_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='unfetchedmail',
            constraint=models.UniqueConstraint(fields=('mailbox', 'uid'), name='unfetched_mail_once'),
        ),
        migrations.AddConstraint(
            model_name='absence',
            constraint=models.CheckConstraint(condition=models.Q(('last_day__gte', models.F('first_day'))), name='absence_ends_after_it_begins'),
        ),
        migrations.AddIndex(
            model_name='imagingstudy',
            index=models.Index(fields=['lead', '-made_on'], name='imaging_of_lead'),
        ),
        migrations.AddConstraint(
            model_name='imagingstudy',
            constraint=models.CheckConstraint(condition=models.Q(('reviewed_at__isnull', True), models.Q(('images_at__isnull', False), ('report_at__isnull', False), ('reviewed_by__isnull', False)), _connector='OR'), name='imaging_reviewed_when_complete'),
        ),
        migrations.AddIndex(
            model_name='holdclearing',
            index=models.Index(fields=['lead', '-entry'], name='clearing_of_lead'),
        ),
        migrations.AddConstraint(
            model_name='holdclearing',
            constraint=models.CheckConstraint(condition=models.Q(('note', ''), _negated=True), name='clearing_has_a_note'),
        ),
        migrations.AddIndex(
            model_name='contactperson',
            index=models.Index(condition=models.Q(('ended_at__isnull', True)), fields=['lead'], name='contact_person_of_lead'),
        ),
        migrations.AddConstraint(
            model_name='consultation',
            constraint=models.UniqueConstraint(fields=('lead', 'held_on'), name='consultation_once_a_day'),
        ),
        migrations.AddConstraint(
            model_name='consultation',
            constraint=models.CheckConstraint(condition=models.Q(('surgery', ''), ('result', 'procedure'), _connector='OR'), name='consultation_surgery_if_recommended'),
        ),
        migrations.AddIndex(
            model_name='consentrecord',
            index=models.Index(fields=['lead', 'kind', '-at', '-entry'], name='consent_of_lead'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='consentrecord',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='c6f191f0ed2347af05469d7ee78ae5d74d5850b7', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_f803d', table='crm_consentrecord', when='BEFORE')),
        ),
        migrations.AddIndex(
            model_name='activity',
            index=models.Index(fields=['lead', '-at', '-id'], name='activity_timeline'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(fields=['stage', '-created_at', '-id'], name='lead_stage_newest'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(fields=['-created_at', '-id'], name='lead_newest'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(fields=['stage', '-stage_since', '-id'], name='lead_board'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(condition=models.Q(('safety_hold', True)), fields=['stage_since'], name='lead_on_hold'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(condition=models.Q(('owner__isnull', False)), fields=['owner', 'stage'], name='lead_of_owner'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(django.db.models.functions.text.Upper('email'), name='lead_email'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(crm.db.lookups.Number('phone'), name='lead_number'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper('email'), 'gin_trgm_ops'), django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper('phone'), 'gin_trgm_ops'), django.contrib.postgres.indexes.OpClass(crm.db.lookups.Plain('first_name'), 'gin_trgm_ops'), django.contrib.postgres.indexes.OpClass(crm.db.lookups.Plain('last_name'), 'gin_trgm_ops'), name='lead_found_by'),
        ),
        migrations.AddConstraint(
            model_name='lead',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('email', ''), _negated=True), models.Q(('phone', ''), _negated=True), _connector='OR'), name='lead_can_be_reached'),
        ),
        migrations.AddConstraint(
            model_name='lead',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('stage', 'lost'), _negated=True), models.Q(('lost_reason', ''), _negated=True), _connector='OR'), name='lead_lost_for_a_reason'),
        ),
        migrations.AddConstraint(
            model_name='lead',
            constraint=models.CheckConstraint(condition=models.Q(('stage__in', ['new', 'contacting', 'qualifying', 'records', 'review', 'booking', 'booked', 'consulted', 'patient', 'nurture', 'dormant', 'improved', 'lost'])), name='lead_stage_known'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='lead',
            trigger=pgtrigger.compiler.Trigger(name='stage_moves', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE _is_valid_transition BOOLEAN;', func='SELECT CONCAT(OLD."stage", \':\', NEW."stage") = ANY(\'{new:booked,new:booking,new:consulted,new:contacting,new:dormant,new:improved,new:lost,new:nurture,new:patient,new:qualifying,new:records,new:review,contacting:booked,contacting:booking,contacting:consulted,contacting:dormant,contacting:improved,contacting:lost,contacting:nurture,contacting:patient,contacting:qualifying,contacting:records,contacting:review,qualifying:booked,qualifying:booking,qualifying:consulted,qualifying:dormant,qualifying:improved,qualifying:lost,qualifying:nurture,qualifying:patient,qualifying:records,qualifying:review,records:booked,records:booking,records:consulted,records:dormant,records:improved,records:lost,records:nurture,records:patient,records:review,review:booked,review:booking,review:consulted,review:dormant,review:improved,review:lost,review:nurture,review:patient,booking:booked,booking:consulted,booking:dormant,booking:improved,booking:lost,booking:nurture,booking:patient,booked:booking,booked:consulted,booked:dormant,booked:improved,booked:lost,booked:nurture,booked:patient,consulted:dormant,consulted:improved,consulted:lost,consulted:nurture,consulted:patient,nurture:qualifying,dormant:qualifying,improved:qualifying,lost:qualifying}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."stage" IS DISTINCT FROM NEW."stage") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "stage" from "%" to "%" on table %\', OLD."stage", NEW."stage", TG_TABLE_NAME; ELSE RETURN NEW; END IF;', hash='8c82e38c0dae0a49ce6829f79efb88393ed2f09a', operation='UPDATE', pgid='pgtrigger_stage_moves_31341', table='crm_lead', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='emergencycount',
            constraint=models.UniqueConstraint(fields=('location', 'day'), name='emergency_count_a_day'),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.UniqueConstraint(django.db.models.functions.text.Lower('email'), name='user_email_once'),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('set_up_at__isnull', True), ('set_up_by__isnull', True)), models.Q(('set_up_at__isnull', False), ('set_up_by__isnull', False)), _connector='OR'), name='user_set_up_by_and_at'),
        ),
        migrations.AddConstraint(
            model_name='mailtext',
            constraint=models.UniqueConstraint(fields=('name', 'language', 'number'), name='mail_text_number_once'),
        ),
        migrations.AddConstraint(
            model_name='mailtext',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'published')), fields=('name', 'language'), name='mail_text_published_once'),
        ),
        migrations.AddIndex(
            model_name='measurement',
            index=models.Index(fields=['lead', 'kind', 'at'], name='measurement_series'),
        ),
        migrations.AddConstraint(
            model_name='measurement',
            constraint=models.CheckConstraint(condition=models.Q(('pk__isnull', True), models.Q(('kind', 'nrs_back_avg'), ('value__gte', 0), ('value__lte', 10)), models.Q(('kind', 'nrs_leg_avg'), ('value__gte', 0), ('value__lte', 10)), models.Q(('kind', 'nrs_avg'), ('value__gte', 0), ('value__lte', 10)), models.Q(('kind', 'peg'), ('value__gte', 0), ('value__lte', 10)), models.Q(('kind', 'rmdq'), ('value__gte', 0), ('value__lte', 24)), models.Q(('kind', 'odi'), ('value__gte', 0), ('value__lte', 100)), models.Q(('kind', 'ndi'), ('value__gte', 0), ('value__lte', 100)), _connector='OR'), name='measurement_in_range'),
        ),
        migrations.AddConstraint(
            model_name='measurement',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ('rmdq', 'nrs_avg', 'nrs_back_avg', 'nrs_leg_avg')), _negated=True), ('value', django.db.models.functions.math.Floor(models.F('value'))), _connector='OR'), name='measurement_whole'),
        ),
        migrations.AddConstraint(
            model_name='measurement',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('at_before', None), ('corrected_at', None), ('corrected_by', None), ('kind_before', ''), ('value_before', None)), models.Q(('at_before__isnull', False), ('corrected_at__isnull', False), ('corrected_by__isnull', False), ('value_before__isnull', False), models.Q(('kind_before', ''), _negated=True)), _connector='OR'), name='measurement_corrected_at_by_and_what'),
        ),
        migrations.AddIndex(
            model_name='inboundmail',
            index=models.Index(fields=['lead', '-at'], name='inbound_of_lead'),
        ),
        migrations.AddIndex(
            model_name='inboundmail',
            index=models.Index(condition=models.Q(('address_hash', ''), _negated=True), fields=['address_hash', '-at'], name='inbound_of_address'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('state', 'queued')), fields=['due_at', 'id'], name='message_due_next'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('state__in', ['sending', 'in_data'])), fields=['lease_until'], name='message_leased'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(fields=['lead', '-created_at'], name='message_of_lead'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('state__in', ['failed', 'unknown'])), fields=['-created_at'], name='message_needs_person'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('state', 'sent')), fields=['finished_at'], name='message_sent'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(django.db.models.functions.text.Upper('to_email'), condition=models.Q(('state__in', ['queued', 'sending', 'in_data'])), name='message_waits_for_address'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('lease_token__isnull', False), ('lease_until__isnull', False), ('state__in', ['sending', 'in_data'])), models.Q(models.Q(('state__in', ['sending', 'in_data']), _negated=True), ('lease_token__isnull', True), ('lease_until__isnull', True)), _connector='OR'), name='message_lease_while_leased'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['queued', 'sending', 'in_data', 'sent', 'failed', 'unknown', 'cancelled', 'suppressed'])), name='message_state_known'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('topic__isnull', True), ('topic_version__isnull', True)), models.Q(('topic__isnull', False), ('topic_version__isnull', False)), _connector='OR'), name='message_topic_and_version'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(('channel', 'email')), name='message_channel_has_a_sender'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='message',
            trigger=pgtrigger.compiler.Trigger(name='state_moves', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE _is_valid_transition BOOLEAN;', func='SELECT CONCAT(OLD."state", \':\', NEW."state") = ANY(\'{queued:sending,queued:cancelled,queued:suppressed,sending:queued,sending:in_data,sending:failed,sending:suppressed,in_data:sent,in_data:queued,in_data:failed,in_data:unknown,unknown:queued,unknown:sent,unknown:cancelled,failed:queued,failed:cancelled}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."state" IS DISTINCT FROM NEW."state") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "state" from "%" to "%" on table %\', OLD."state", NEW."state", TG_TABLE_NAME; ELSE RETURN NEW; END IF;', hash='07eef11316813838aeac1eb8e649428e99d81b6c', operation='UPDATE', pgid='pgtrigger_state_moves_f2340', table='crm_message', when='BEFORE')),
        ),
        migrations.AddIndex(
            model_name='notice',
            index=models.Index(condition=models.Q(('seen_at__isnull', True)), fields=['user', '-at'], name='notice_unseen'),
        ),
        migrations.AddIndex(
            model_name='notice',
            index=models.Index(fields=['user', '-at', '-id'], name='notice_of_user'),
        ),
        migrations.AddConstraint(
            model_name='notice',
            constraint=models.UniqueConstraint(fields=('user', 'key'), name='notice_once'),
        ),
        migrations.AddIndex(
            model_name='oncallshift',
            index=models.Index(fields=['location', 'starts_at'], name='shift_rota'),
        ),
        migrations.AddConstraint(
            model_name='oncallshift',
            constraint=models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='shift_ends_after_start'),
        ),
        migrations.AddIndex(
            model_name='patientsession',
            index=models.Index(condition=models.Q(('desk_key', ''), _negated=True), fields=['desk_key'], name='session_of_desk'),
        ),
        migrations.AddConstraint(
            model_name='patientsession',
            constraint=models.CheckConstraint(condition=models.Q(('by__isnull', True), ('handed_over', True), models.Q(('desk_key', ''), _negated=True), _connector='OR'), name='session_by_staff_is_bound'),
        ),
        migrations.AddIndex(
            model_name='document',
            index=models.Index(fields=['lead', '-created_at'], name='document_of_lead'),
        ),
        migrations.AddIndex(
            model_name='document',
            index=models.Index(condition=models.Q(('state', 'pending')), fields=['scan_at'], name='document_to_scan'),
        ),
        migrations.AddIndex(
            model_name='document',
            index=models.Index(condition=models.Q(('state', 'uploading')), fields=['touched_at'], name='document_unfinished'),
        ),
        migrations.AddConstraint(
            model_name='document',
            constraint=models.CheckConstraint(condition=models.Q(('received__lte', models.F('size')), ('size__gt', 0)), name='document_within_its_size'),
        ),
        migrations.AddConstraint(
            model_name='document',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('released_at__isnull', True), ('released_by__isnull', True)), models.Q(('released_at__isnull', False), ('released_by__isnull', False)), _connector='OR'), name='document_released_at_and_by'),
        ),
        migrations.AddIndex(
            model_name='privatemessage',
            index=models.Index(fields=['lead', 'at', 'id'], name='private_message_of_lead'),
        ),
        migrations.AddIndex(
            model_name='privatemessage',
            index=models.Index(condition=models.Q(('read_at__isnull', True)), fields=['lead'], name='private_message_unread'),
        ),
        migrations.AddIndex(
            model_name='prooftry',
            index=models.Index(fields=['lead', 'at'], name='proof_try_of_lead'),
        ),
        migrations.AddIndex(
            model_name='prooftry',
            index=models.Index(fields=['address_hash', 'at'], name='proof_try_from'),
        ),
        migrations.AddConstraint(
            model_name='prooftry',
            constraint=models.CheckConstraint(condition=models.Q(('way__in', ['birthday', 'code'])), name='proof_try_way_known'),
        ),
        migrations.AddConstraint(
            model_name='referral',
            constraint=models.UniqueConstraint(fields=('lead', 'practice'), name='referral_once'),
        ),
        migrations.AddIndex(
            model_name='reviewdecision',
            index=models.Index(fields=['lead', '-entry'], name='decision_of_lead'),
        ),
        migrations.AddIndex(
            model_name='reviewdecision',
            index=models.Index(condition=models.Q(('needs_second', True), ('second_by__isnull', True), ('void_at__isnull', True)), fields=['at'], name='decision_waits'),
        ),
        migrations.AddConstraint(
            model_name='reviewdecision',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('void_at__isnull', True), ('void_because', '')), models.Q(('needs_second', True), ('second_by__isnull', True), ('void_at__isnull', False), models.Q(('void_because', ''), _negated=True)), _connector='OR'), name='decision_void_at_and_why'),
        ),
        migrations.AddConstraint(
            model_name='reviewdecision',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('second_at__isnull', True), ('second_by__isnull', True)), models.Q(('needs_second', True), ('second_at__isnull', False), ('second_by__isnull', False)), _connector='OR'), name='decision_second_by_and_at'),
        ),
        migrations.AddConstraint(
            model_name='reviewdecision',
            constraint=models.CheckConstraint(condition=models.Q(('second_by', models.F('by')), _negated=True), name='decision_second_is_another'),
        ),
        migrations.AddConstraint(
            model_name='reviewdecision',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='decision_has_a_reason'),
        ),
        migrations.AddIndex(
            model_name='safetyalert',
            index=models.Index(condition=models.Q(('acknowledged_at__isnull', True)), fields=['next_level_at'], name='alert_open'),
        ),
        migrations.AddIndex(
            model_name='safetyalert',
            index=models.Index(fields=['lead', '-raised_at'], name='alert_of_lead'),
        ),
        migrations.AddConstraint(
            model_name='safetyalert',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('acknowledged_at__isnull', True), ('acknowledged_by__isnull', True)), models.Q(('acknowledged_at__isnull', False), ('acknowledged_by__isnull', False)), _connector='OR'), name='alert_acknowledged_at_and_by'),
        ),
        migrations.AddConstraint(
            model_name='alertpost',
            constraint=models.UniqueConstraint(fields=('alert', 'round', 'level'), name='alert_post_once_a_level'),
        ),
        migrations.AddConstraint(
            model_name='sending',
            constraint=models.CheckConstraint(condition=models.Q(('id', 1)), name='sending_one_row'),
        ),
        migrations.AddConstraint(
            model_name='sequenceversion',
            constraint=models.UniqueConstraint(fields=('key', 'number'), name='sequence_number_once'),
        ),
        migrations.AddConstraint(
            model_name='sequenceversion',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'published')), fields=('key',), name='sequence_published_once'),
        ),
        migrations.AddIndex(
            model_name='enrollment',
            index=models.Index(condition=models.Q(('state', 'live')), fields=['due_at', 'id'], name='enrollment_due_next'),
        ),
        migrations.AddIndex(
            model_name='enrollment',
            index=models.Index(fields=['key', 'state'], name='enrollment_of_sequence'),
        ),
        migrations.AddConstraint(
            model_name='enrollment',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['live', 'paused', 'parked'])), fields=('lead', 'key'), name='enrollment_one_under_way'),
        ),
        migrations.AddConstraint(
            model_name='enrollment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'live'), _negated=True), ('due_at__isnull', False), _connector='OR'), name='enrollment_live_is_due'),
        ),
        migrations.AddConstraint(
            model_name='enrollment',
            constraint=models.CheckConstraint(condition=models.Q(('because__in', ['', 'hold', 'wrote'])), name='enrollment_because_known'),
        ),
        migrations.AddIndex(
            model_name='setasidemail',
            index=models.Index(condition=models.Q(('settled_at', None)), fields=['-at'], name='set_aside_open'),
        ),
        migrations.AddConstraint(
            model_name='setasidemail',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('settled_as', ''), ('settled_at', None), ('settled_by', None)), models.Q(('settled_at__isnull', False), ('settled_by__isnull', False), models.Q(('settled_as', ''), _negated=True)), _connector='OR'), name='set_aside_settled_whole'),
        ),
        migrations.AddIndex(
            model_name='task',
            index=models.Index(condition=models.Q(('done_at__isnull', True)), fields=['due_at'], name='task_open_due'),
        ),
        migrations.AddIndex(
            model_name='task',
            index=models.Index(fields=['lead', 'due_at'], name='task_of_lead'),
        ),
        migrations.AddIndex(
            model_name='task',
            index=models.Index(condition=models.Q(('done_at__isnull', True)), fields=['kind', 'due_at'], name='task_open_of_kind'),
        ),
        migrations.AddIndex(
            model_name='task',
            index=models.Index(condition=models.Q(('done_at__isnull', True)), fields=['assigned_to', 'due_at'], name='task_open_of_person'),
        ),
        migrations.AddConstraint(
            model_name='task',
            constraint=models.CheckConstraint(condition=models.Q(('done_at__isnull', False), ('done_by__isnull', True), _connector='OR'), name='task_done_at_and_by'),
        ),
        migrations.AddConstraint(
            model_name='stepoutcome',
            constraint=models.UniqueConstraint(fields=('enrollment', 'step'), name='step_once'),
        ),
        migrations.AddIndex(
            model_name='treatment',
            index=models.Index(fields=['lead', 'start_date'], name='treatment_of_lead'),
        ),
        migrations.AddConstraint(
            model_name='treatment',
            constraint=models.CheckConstraint(condition=models.Q(('end_date__isnull', True), ('start_date__isnull', True), ('end_date__gte', models.F('start_date')), models.Q(('end_precision', 'year'), models.Q(('start_precision', 'year'), _negated=True), ('end_date__year', models.F('start_date__year'))), models.Q(('end_precision', 'month'), models.Q(('start_precision', 'month'), _negated=True), ('end_date__month', models.F('start_date__month')), ('end_date__year', models.F('start_date__year'))), _connector='OR'), name='treatment_ends_after_start'),
        ),
        migrations.AddConstraint(
            model_name='treatment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('end_date__isnull', True), ('ongoing', True), ('status', 'ongoing')), models.Q(('ongoing', False), models.Q(('status', 'ongoing'), _negated=True)), _connector='OR'), name='treatment_ongoing'),
        ),
        migrations.AddConstraint(
            model_name='treatment',
            constraint=models.CheckConstraint(condition=models.Q(('relief_percent__isnull', True), ('relief_percent__lte', 100), _connector='OR'), name='treatment_relief_0_100'),
        ),
        migrations.AddConstraint(
            model_name='treatment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('verified_at__isnull', True), ('verified_by__isnull', True)), models.Q(('verified_at__isnull', False), ('verified_by__isnull', False)), _connector='OR'), name='treatment_verified_at_and_by'),
        ),
        # Who never begins is silent from now on.
        migrations.RunSQL(
            "INSERT INTO crm_heartbeat (name, at) SELECT unnest(ARRAY['beat', 'urgent', 'mail', 'slow']), now()",
            migrations.RunSQL.noop,
        ),
    ]
