"""The guards of the product, each with what it looks like without, and the test that has to notice."""

from script.guards_of_answers import ANSWER_GUARDS
from script.guards_of_assessments import ASSESSMENT_GUARDS
from script.guards_of_decisions import DECISION_GUARDS
from script.guards_of_delivery import DELIVERY_GUARDS
from script.guards_of_follow_ups import FOLLOW_UP_GUARDS
from script.guards_of_foreign_files import FOREIGN_GUARDS
from script.guards_of_incoming_mail import INCOMING_GUARDS
from script.guards_of_insurance import INSURANCE_GUARDS
from script.guards_of_locations import LOCATION_GUARDS
from script.guards_of_mail_addresses import ADDRESS_GUARDS
from script.guards_of_mail_parsing import PARSING_GUARDS
from script.guards_of_messages import MESSAGE_GUARDS
from script.guards_of_private_pages import WHOSE_PAGE_GUARDS
from script.guards_of_questions import QUESTION_GUARDS
from script.guards_of_queues import QUEUE_GUARDS
from script.guards_of_reports import REPORT_GUARDS
from script.guards_of_requests import REQUEST_GUARDS
from script.guards_of_roles import ROLE_GUARDS
from script.guards_of_scheduling import SCHEDULING_GUARDS
from script.guards_of_send_rules import SEND_RULE_GUARDS
from script.guards_of_sending import SENDING_GUARDS
from script.guards_of_sequences import SEQUENCE_GUARDS
from script.guards_of_strangers import STRANGER_GUARDS
from script.guards_of_the_base import BASE_GUARDS
from script.guards_of_the_desk import DESK_GUARDS
from script.guards_of_the_door import DOOR_GUARDS
from script.guards_of_the_private_page import PRIVATE_GUARDS
from script.guards_of_the_record import RECORD_GUARDS
from script.guards_of_the_second_factor import SECOND_FACTOR_GUARDS
from script.guards_of_visits import VISIT_GUARDS

GUARDS = [
    *BASE_GUARDS,
    *DELIVERY_GUARDS,
    *STRANGER_GUARDS,
    *REPORT_GUARDS,
    *REQUEST_GUARDS,
    *ASSESSMENT_GUARDS,
    *DECISION_GUARDS,
    *PRIVATE_GUARDS,
    *SECOND_FACTOR_GUARDS,
    *WHOSE_PAGE_GUARDS,
    *MESSAGE_GUARDS,
    *ANSWER_GUARDS,
    *RECORD_GUARDS,
    *QUESTION_GUARDS,
    *INCOMING_GUARDS,
    *ADDRESS_GUARDS,
    *PARSING_GUARDS,
    *INSURANCE_GUARDS,
    *FOLLOW_UP_GUARDS,
    *SEND_RULE_GUARDS,
    *SEQUENCE_GUARDS,
    *SENDING_GUARDS,
    *QUEUE_GUARDS,
    *DESK_GUARDS,
    *DOOR_GUARDS,
    *ROLE_GUARDS,
    *LOCATION_GUARDS,
    *SCHEDULING_GUARDS,
    *VISIT_GUARDS,
    *FOREIGN_GUARDS,
]
