"""The base domain, one noun a module."""

from crm.models.absence import Absence
from crm.models.access import AccessEvent, SignInPace
from crm.models.activity import Activity
from crm.models.consent import ConsentRecord
from crm.models.contact_person import ContactPerson
from crm.models.conversation import PrivateMessage, Snippet
from crm.models.decision import Consultation, HoldClearing, ReviewDecision
from crm.models.document import Document
from crm.models.heartbeat import Heartbeat, JobRun
from crm.models.imaging import ImagingStudy
from crm.models.inbound import InboundMail, MailboxMark, MailThread, SetAsideMail, UnfetchedMail
from crm.models.lead import Lead
from crm.models.location import Location
from crm.models.mail_text import MailText
from crm.models.measurement import Measurement
from crm.models.message import Message, MessageTopic
from crm.models.notice import Notice
from crm.models.private import PatientCode, PatientLink, PatientSession, ProofTry
from crm.models.referral import Referral, ReferringPractice
from crm.models.safety import AlertCause, AlertPost, EmergencyCount, OnCallShift, SafetyAlert
from crm.models.sending import DomainPace, Sending
from crm.models.sent_form import SentForm
from crm.models.sequence import Enrollment, SequenceVersion, StepOutcome, VersionState
from crm.models.stage_rule import StageRule
from crm.models.suppression import Scope, SuppressedBecause, Suppression
from crm.models.task import Task
from crm.models.treatment import Treatment
from crm.models.user import User

__all__ = [
    "Absence",
    "AccessEvent",
    "Activity",
    "AlertCause",
    "AlertPost",
    "ConsentRecord",
    "Consultation",
    "ContactPerson",
    "Document",
    "DomainPace",
    "EmergencyCount",
    "Enrollment",
    "Heartbeat",
    "HoldClearing",
    "ImagingStudy",
    "InboundMail",
    "JobRun",
    "Lead",
    "Location",
    "MailText",
    "MailThread",
    "MailboxMark",
    "Measurement",
    "Message",
    "MessageTopic",
    "Notice",
    "OnCallShift",
    "PatientCode",
    "PatientLink",
    "PatientSession",
    "PrivateMessage",
    "ProofTry",
    "Referral",
    "ReferringPractice",
    "ReviewDecision",
    "SafetyAlert",
    "Scope",
    "Sending",
    "SentForm",
    "SequenceVersion",
    "SetAsideMail",
    "SignInPace",
    "Snippet",
    "StageRule",
    "StepOutcome",
    "SuppressedBecause",
    "Suppression",
    "Task",
    "Treatment",
    "UnfetchedMail",
    "User",
    "VersionState",
]
