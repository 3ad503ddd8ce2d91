import crm.fields.encrypted
import crm.models.base
import crm.models.lead
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('crm', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Submission',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('form_id', models.UUIDField(default=uuid.uuid4, help_text='Made with the form, so that sending twice is once.')),
                ('reference', models.CharField(help_text='Of a request: the one that whoever sent it was shown.', max_length=9, null=True, unique=True)),
                ('page', models.CharField(default='request', help_text='Which page of the questionnaire was sent.', max_length=20)),
                ('answers', crm.fields.encrypted.EncryptedJSONField(context='intake.submission.answers', editable=True)),
                ('answers_digest', models.CharField(help_text='Keyed; tells a repeat from a change without reading.', max_length=64)),
                ('questionnaire_version', models.CharField(max_length=20)),
                ('language', models.CharField(default='en', max_length=10)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('entry', models.BigIntegerField(db_default=crm.models.base.NextInOrder(), editable=False)),
                ('by', models.ForeignKey(help_text='Who wrote it down for the patient; empty: the patient.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('lead', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='submissions', to='crm.lead')),
                ('session', models.ForeignKey(help_text="The private page's.", null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='crm.patientsession')),
            ],
        ),
        migrations.CreateModel(
            name='Arrival',
            fields=[
                ('id', models.UUIDField(help_text='Made with the form.', primary_key=True, serialize=False)),
                ('day', models.DateField(help_text="The center's.")),
            ],
            options={
                'indexes': [models.Index(fields=['day'], name='arrival_day')],
            },
        ),
        migrations.CreateModel(
            name='Assessment',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField(default=1)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('cause', models.CharField(help_text='What happened that made it necessary, in words.', max_length=60)),
                ('rules_version', models.CharField(max_length=20)),
                ('snapshot', crm.fields.encrypted.EncryptedJSONField(context='intake.assessment.snapshot', editable=True)),
                ('outcome', models.CharField(choices=[('URGENT', 'Urgent'), ('PROMPT_REVIEW', 'Prompt clinical review'), ('OUT_OF_SCOPE', 'Out of scope'), ('MORE_INFO', 'More information needed'), ('CONTINUE_CONSERVATIVE', 'Continue conservative care'), ('CONSULT_LIKELY', 'Consultation reasonable')], max_length=24)),
                ('rule', models.CharField(max_length=4)),
                ('signs', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=12), default=list, help_text='Those that fire R1 or R2, whichever rule decides.')),
                ('reasons', models.JSONField(help_text='[{"code", "text", "evidence"}]')),
                ('flags', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), default=list)),
                ('recheck_on', models.DateField(null=True)),
                ('due_at', models.DateTimeField(help_text='When time alone makes the rules say something else.', null=True)),
                ('span_days', models.PositiveSmallIntegerField()),
                ('groups', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=12), default=list)),
                ('evaluated', models.JSONField(help_text='[{"rule", "holds"}], in the order in which they were looked at')),
                ('lead', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='assessments', to='crm.lead')),
            ],
        ),
        migrations.CreateModel(
            name='NextAsk',
            fields=[
                ('lead', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='crm.lead')),
                ('due_at', models.DateTimeField(null=True)),
                ('parked', models.BooleanField(default=False)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('parked', False)), fields=['due_at'], name='ask_due')],
            },
        ),
        migrations.CreateModel(
            name='Override',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('outcome', models.CharField(choices=[('URGENT', 'Urgent'), ('PROMPT_REVIEW', 'Prompt clinical review'), ('OUT_OF_SCOPE', 'Out of scope'), ('MORE_INFO', 'More information needed'), ('CONTINUE_CONSERVATIVE', 'Continue conservative care'), ('CONSULT_LIKELY', 'Consultation reasonable')], max_length=24)),
                ('reason', models.TextField()),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('entry', models.BigIntegerField(db_default=crm.models.base.NextInOrder(), editable=False)),
                ('needs_second', models.BooleanField(default=False)),
                ('approved_at', models.DateTimeField(blank=True, null=True)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('ended_because', models.CharField(blank=True, max_length=400)),
                ('approved_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('assessment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='overrides', to='intake.assessment')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('ended_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'permissions': [('override_outcome', 'Can decide otherwise than the rules')],
            },
        ),
        migrations.CreateModel(
            name='PageOfProof',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('profile', models.CharField(max_length=40)),
                ('criterion', models.CharField(max_length=40)),
                ('page', models.PositiveSmallIntegerField()),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('document', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='crm.document')),
                ('lead', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='pages_of_proof', to='crm.lead')),
            ],
            options={
                'verbose_name_plural': 'pages of proof',
            },
        ),
        migrations.CreateModel(
            name='PendingSubmission',
            fields=[
                ('submission', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='pending', serialize=False, to='intake.submission')),
                ('is_urgent', models.BooleanField(default=False, help_text='It reports a warning sign; the alert is raised already.')),
                ('at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name='Plan',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('insurer', models.CharField(max_length=120)),
                ('name', models.CharField(blank=True, help_text='Such as Open Access PPO; empty: all plans.', max_length=120, verbose_name='plan')),
                ('network', models.CharField(choices=[('unknown', 'Not known'), ('in', 'In network'), ('out', 'Out of network')], default='unknown', max_length=8)),
                ('as_of', models.DateField(help_text='The day on which somebody last made sure.')),
                ('note', models.CharField(blank=True, max_length=200)),
                ('location', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='plans', to='crm.location')),
            ],
        ),
        migrations.CreateModel(
            name='Coverage',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('plan_type', models.CharField(blank=True, max_length=24)),
                ('profile', models.CharField(blank=True, max_length=40)),
                ('insurer', crm.fields.encrypted.EncryptedTextField(context='intake.rules.coverage.insurer', editable=True, null=True)),
                ('chosen_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('chosen_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('lead', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='coverage', to='crm.lead')),
                ('plan', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='intake.plan')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='QuarantinedRequest',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('form_id', models.UUIDField(help_text='Made with the form, so that sending twice is once.')),
                ('digest', models.CharField(help_text='Keyed; tells a repeat from a change without reading.', max_length=64)),
                ('repeats', models.CharField(blank=True, help_text='The reference of what the same form, in the same browser, had sent before.', max_length=9)),
                ('page', models.CharField(max_length=20)),
                ('reference', models.CharField(default=crm.models.lead.make_reference, help_text='The one that the visitor was shown.', max_length=9, unique=True)),
                ('data', crm.fields.encrypted.EncryptedJSONField(context='intake.requests.quarantine.data', editable=True)),
                ('language', models.CharField(default='en', max_length=10)),
                ('attribution', models.JSONField(default=dict)),
                ('reasons', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20))),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('state', models.CharField(choices=[('held', 'Waits'), ('released', 'Released'), ('discarded', 'Discarded')], default='held', max_length=10)),
                ('decided_at', models.DateTimeField(null=True)),
                ('note', models.TextField(blank=True)),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('location', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='crm.location')),
            ],
            options={
                'verbose_name': 'held request',
                'permissions': [('decide_quarantine', 'Can release and discard held requests')],
            },
        ),
        migrations.CreateModel(
            name='Question',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('topic', models.CharField(choices=[('insurance', 'Insurance and cost'), ('records', 'Records and pictures'), ('visit', 'Finding us, parking, opening hours'), ('site', 'This website'), ('billing', 'A bill'), ('other', 'Something else')], max_length=12)),
                ('name', models.CharField(max_length=160)),
                ('email', models.CharField(blank=True, max_length=254, verbose_name='e-mail')),
                ('phone', models.CharField(blank=True, max_length=20)),
                ('message', crm.fields.encrypted.EncryptedTextField(context='intake.question.message', editable=True)),
                ('language', models.CharField(default='en', max_length=10)),
                ('reasons', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), default=list, help_text='Why a machine may have sent it.')),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('answered_at', models.DateTimeField(blank=True, null=True)),
                ('answered_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('location', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='crm.location')),
            ],
        ),
        migrations.CreateModel(
            name='RateCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=64)),
                ('hour', models.DateTimeField()),
                ('count', models.PositiveIntegerField(default=1)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('key', 'hour'), name='rate_once_an_hour')],
            },
        ),
        migrations.CreateModel(
            name='UnprovenRequest',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('data', crm.fields.encrypted.EncryptedJSONField(context='intake.requests.unproven.data', editable=True)),
                ('has_sign', models.BooleanField(default=False, help_text='It reports a warning sign.')),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('state', models.CharField(choices=[('waiting', 'Waits for somebody to look'), ('taken_over', 'It was them: taken over'), ('set_aside', 'Not theirs: set aside')], default='waiting', max_length=10)),
                ('decided_at', models.DateTimeField(null=True)),
                ('note', models.TextField(blank=True)),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('lead', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='unproven_requests', to='crm.lead')),
            ],
            options={
                'permissions': [('decide_unproven', "Can decide about requests in somebody's name")],
            },
        ),
        migrations.AddField(
            model_name='submission',
            name='unproven',
            field=models.ForeignKey(help_text="The request in somebody's name that this is, or belongs to.", null=True, on_delete=django.db.models.deletion.PROTECT, related_name='submissions', to='intake.unprovenrequest'),
        ),
        migrations.CreateModel(
            name='Verification',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('plan_type', models.CharField(blank=True, max_length=24)),
                ('profile', models.CharField(blank=True, max_length=40)),
                ('insurer', crm.fields.encrypted.EncryptedTextField(context='intake.verification.insurer', editable=True, null=True)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('spoke_to', models.CharField(max_length=120)),
                ('call_reference', crm.fields.encrypted.EncryptedTextField(context='intake.verification.call_reference', editable=True)),
                ('is_active', models.CharField(choices=[('unknown', 'Not known'), ('yes', 'Yes'), ('no', 'No')], default='unknown', max_length=8, verbose_name='coverage is active')),
                ('network', models.CharField(choices=[('unknown', 'Not known'), ('in', 'In network'), ('out', 'Out of network')], default='unknown', max_length=8)),
                ('needs_authorization', models.CharField(choices=[('unknown', 'Not known'), ('yes', 'Yes'), ('no', 'No')], default='unknown', max_length=8)),
                ('needs_referral', models.CharField(choices=[('unknown', 'Not known'), ('yes', 'Yes'), ('no', 'No')], default='unknown', max_length=8)),
                ('note', models.CharField(blank=True, max_length=400)),
                ('profile_as_of', models.DateField(help_text='The version of the list that was looked at.', null=True)),
                ('entry', models.BigIntegerField(db_default=crm.models.base.NextInOrder(), editable=False)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('lead', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='verifications', to='crm.lead')),
                ('plan', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='intake.plan')),
            ],
        ),
        migrations.AddConstraint(
            model_name='assessment',
            constraint=models.UniqueConstraint(fields=('lead', 'number'), name='assessment_number'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='assessment',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='ef3a376e9b414a86c6456d3e2b09713b5744e380', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_dc144', table='intake_assessment', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='assessment',
            trigger=pgtrigger.compiler.Trigger(name='due_with_the_latest', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO intake_nextask (lead_id, due_at, parked) VALUES (NEW.lead_id, NEW.due_at, false) ON CONFLICT (lead_id) DO UPDATE SET due_at = EXCLUDED.due_at, parked = false; RETURN NULL;', hash='d8a3362a46698a2914e1d30fca14b5d283c40d8e', operation='INSERT', pgid='pgtrigger_due_with_the_latest_24715', table='intake_assessment', when='AFTER')),
        ),
        migrations.AddIndex(
            model_name='override',
            index=models.Index(condition=models.Q(('ended_at__isnull', True)), fields=['at'], name='override_standing'),
        ),
        migrations.AddConstraint(
            model_name='override',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', True), ('ended_because', ''), ('ended_by__isnull', True)), models.Q(('ended_at__isnull', False), models.Q(('ended_because', ''), _negated=True)), _connector='OR'), name='override_ended_at_and_why'),
        ),
        migrations.AddConstraint(
            model_name='override',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('approved_at__isnull', True), ('approved_by__isnull', True)), models.Q(('approved_at__isnull', False), ('approved_by__isnull', False)), _connector='OR'), name='override_approved_at_and_by'),
        ),
        migrations.AddConstraint(
            model_name='override',
            constraint=models.CheckConstraint(condition=models.Q(('approved_by__isnull', True), models.Q(('approved_by', models.F('by')), _negated=True), _connector='OR'), name='override_second_person'),
        ),
        migrations.AddConstraint(
            model_name='override',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='override_has_a_reason'),
        ),
        migrations.AddConstraint(
            model_name='pageofproof',
            constraint=models.UniqueConstraint(fields=('lead', 'profile', 'criterion', 'document', 'page'), name='page_of_proof_once'),
        ),
        migrations.AddConstraint(
            model_name='pageofproof',
            constraint=models.CheckConstraint(condition=models.Q(('page__gte', 1)), name='page_of_proof_from_one'),
        ),
        migrations.AddConstraint(
            model_name='plan',
            constraint=models.UniqueConstraint(models.F('location'), django.db.models.functions.text.Lower('insurer'), django.db.models.functions.text.Lower('name'), name='plan_once_a_location'),
        ),
        migrations.AddIndex(
            model_name='quarantinedrequest',
            index=models.Index(fields=['state', 'at'], name='quarantine_waiting'),
        ),
        migrations.AddConstraint(
            model_name='quarantinedrequest',
            constraint=models.UniqueConstraint(fields=('form_id', 'digest'), name='quarantine_once_a_payload'),
        ),
        migrations.AddConstraint(
            model_name='quarantinedrequest',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', True), ('decided_by__isnull', True), ('state', 'held')), models.Q(('decided_at__isnull', False), ('decided_by__isnull', False), ('state', 'discarded')), models.Q(('decided_at__isnull', False), ('state', 'released')), _connector='OR'), name='quarantine_decided_at_and_by'),
        ),
        migrations.AddConstraint(
            model_name='quarantinedrequest',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'discarded'), _negated=True), models.Q(('note', ''), _negated=True), _connector='OR'), name='quarantine_discarded_for_a_reason'),
        ),
        migrations.AddIndex(
            model_name='question',
            index=models.Index(fields=['-at', '-id'], name='question_newest'),
        ),
        migrations.AddConstraint(
            model_name='question',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('answered_at__isnull', True), ('answered_by__isnull', True)), models.Q(('answered_at__isnull', False), ('answered_by__isnull', False)), _connector='OR'), name='question_answered_at_and_by'),
        ),
        migrations.AddIndex(
            model_name='unprovenrequest',
            index=models.Index(condition=models.Q(('state', 'waiting')), fields=['lead'], name='unproven_waiting'),
        ),
        migrations.AddConstraint(
            model_name='unprovenrequest',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', True), ('decided_by__isnull', True), ('state', 'waiting')), models.Q(models.Q(('state', 'waiting'), _negated=True), ('decided_at__isnull', False), ('decided_by__isnull', False)), models.Q(('decided_at__isnull', False), ('decided_by__isnull', True), ('state', 'taken_over')), _connector='OR'), name='unproven_decided_at_and_by'),
        ),
        migrations.AddConstraint(
            model_name='unprovenrequest',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'set_aside'), _negated=True), models.Q(('note', ''), _negated=True), _connector='OR'), name='unproven_set_aside_for_a_reason'),
        ),
        migrations.AddIndex(
            model_name='submission',
            index=models.Index(fields=['lead', '-entry'], name='submission_of_lead'),
        ),
        migrations.AddConstraint(
            model_name='submission',
            constraint=models.UniqueConstraint(fields=('form_id', 'answers_digest'), name='submission_once_a_payload'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='submission',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='a1e5e4d8a0c10b5b953802a982ea822d1613ff28', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_9368e', table='intake_submission', when='BEFORE')),
        ),
        migrations.AddIndex(
            model_name='verification',
            index=models.Index(fields=['lead', '-entry'], name='verification_of_lead'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='verification',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='6c699a982cba905eebf7782a2257f63777a3c161', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_22f2f', table='intake_verification', when='BEFORE')),
        ),
    ]
