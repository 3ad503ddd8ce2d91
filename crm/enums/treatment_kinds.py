"""The kinds of conservative treatment, by group. One table, read by models, forms, rules and pages."""

from django.db.models import TextChoices

from crm.enums.treatments import TreatmentGroup


class TreatmentKind(TextChoices):
    PT_SUPERVISED = "pt_supervised", "Physical therapy, supervised"
    PT_AQUATIC = "pt_aquatic", "Physical therapy in water"
    PT_MCKENZIE = "pt_mckenzie", "McKenzie therapy"
    PT_CORE_STABILISATION = "pt_core_stabilisation", "Core stabilization therapy"
    HEP_PRESCRIBED = "hep_prescribed", "Home exercise program, prescribed"
    EXERCISE_SELF = "exercise_self", "Exercise on one's own"
    MED_ACETAMINOPHEN = "med_acetaminophen", "Acetaminophen"
    MED_NSAID_OTC = "med_nsaid_otc", "Anti-inflammatory, over the counter"
    MED_NSAID_RX = "med_nsaid_rx", "Anti-inflammatory, prescribed"
    MED_COX2 = "med_cox2", "COX-2 inhibitor"
    MED_ORAL_STEROID = "med_oral_steroid", "Oral steroid (pack or taper)"
    MED_MUSCLE_RELAXANT = "med_muscle_relaxant", "Muscle relaxant"
    MED_NEUROPATHIC_GABAPENTINOID = "med_neuropathic_gabapentinoid", "Nerve-pain medicine (gabapentinoid)"
    MED_NEUROPATHIC_SNRI = "med_neuropathic_snri", "Nerve-pain medicine (SNRI)"
    MED_NEUROPATHIC_TCA = "med_neuropathic_tca", "Nerve-pain medicine (tricyclic)"
    MED_OPIOID_WEAK = "med_opioid_weak", "Opioid, weak"
    MED_OPIOID_STRONG = "med_opioid_strong", "Opioid, strong"
    MED_TOPICAL = "med_topical", "Cream, gel or patch"
    MED_CANNABINOID = "med_cannabinoid", "Cannabinoid"
    MED_OTHER = "med_other", "Other medication"
    ESI_INTERLAMINAR = "esi_interlaminar", "Epidural steroid injection, interlaminar"
    ESI_TRANSFORAMINAL = "esi_transforaminal", "Epidural steroid injection, transforaminal"
    ESI_CAUDAL = "esi_caudal", "Epidural steroid injection, caudal"
    ESI_UNKNOWN = "esi_unknown", "Epidural steroid injection, approach not known"
    SNRB = "snrb", "Selective nerve root block (SNRB)"
    FACET_INTRAARTICULAR = "facet_intraarticular", "Facet joint injection"
    MBB = "mbb", "Medial branch block (MBB)"
    RFA = "rfa", "Radio-frequency ablation (RFA)"
    SI_JOINT_INJECTION = "si_joint_injection", "Sacroiliac joint injection"
    TRIGGER_POINT = "trigger_point", "Trigger point injection"
    INJ_OTHER = "inj_other", "Other injection"
    CHIROPRACTIC = "chiropractic", "Chiropractic"
    OSTEOPATHIC_MANUAL = "osteopathic_manual", "Osteopathic manual treatment"
    MASSAGE = "massage", "Massage"
    ACUPUNCTURE = "acupuncture", "Acupuncture"
    DRY_NEEDLING = "dry_needling", "Dry needling"
    TRACTION_MECHANICAL = "traction_mechanical", "Mechanical traction"
    DECOMPRESSION_TABLE = "decompression_table", "Decompression table"
    INVERSION = "inversion", "Inversion table"
    TENS = "tens", "TENS"
    BRACE_LUMBAR = "brace_lumbar", "Lumbar brace"
    COLLAR_CERVICAL = "collar_cervical", "Cervical collar"
    ORTHOTICS = "orthotics", "Orthotics"
    ERGONOMIC = "ergonomic", "Ergonomic aid"
    SCS_TRIAL = "scs_trial", "Spinal-cord stimulator trial"
    HEAT = "heat", "Heat"
    COLD = "cold", "Cold"
    ACTIVITY_MODIFICATION = "activity_modification", "Changed activities"
    SHORT_REST = "short_rest", "Short rest"
    WEIGHT_LOSS = "weight_loss", "Weight loss"
    SMOKING_CESSATION = "smoking_cessation", "Stopping smoking"
    CBT = "cbt", "Cognitive behavioral therapy"
    MINDFULNESS_MBSR = "mindfulness_mbsr", "Mindfulness"
    PAIN_PROGRAMME = "pain_programme_multidisciplinary", "Multidisciplinary pain program"
    BIOFEEDBACK = "biofeedback", "Biofeedback"
    SLEEP_PROGRAMME = "sleep_programme", "Sleep program"
    PRP_STEM_CELL = "prp_stem_cell", "PRP or stem cells"
    HERBAL = "herbal", "Herbal remedy"
    OTHER = "other", "Other"


# Where each group begins in the list above: the members stand in the order of their groups.
_FIRST_OF_GROUP = {
    TreatmentKind.PT_SUPERVISED: TreatmentGroup.ACTIVE,
    TreatmentKind.MED_ACETAMINOPHEN: TreatmentGroup.MEDICATION,
    TreatmentKind.ESI_INTERLAMINAR: TreatmentGroup.INJECTION,
    TreatmentKind.CHIROPRACTIC: TreatmentGroup.MANUAL,
    TreatmentKind.TENS: TreatmentGroup.DEVICE,
    TreatmentKind.HEAT: TreatmentGroup.SELF_CARE,
    TreatmentKind.CBT: TreatmentGroup.BEHAVIOURAL,
    TreatmentKind.PRP_STEM_CELL: TreatmentGroup.OTHER,
}


def _group_of() -> dict[str, TreatmentGroup]:
    groups: dict[str, TreatmentGroup] = {}
    current = TreatmentGroup.ACTIVE
    for kind in TreatmentKind:
        current = _FIRST_OF_GROUP.get(kind, current)
        groups[kind.value] = current
    return groups


GROUP_OF = _group_of()


def name_of(kind: str) -> str:
    """Return the words for a kind; one that has left the list stays as it was stored."""
    return str(TreatmentKind(kind).label) if kind in GROUP_OF else kind


def kinds_in(group: TreatmentGroup) -> list[TreatmentKind]:
    """Return the kinds of one group, in the order in which they are offered."""
    return [kind for kind in TreatmentKind if GROUP_OF[kind] == group]


def grouped_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the choices for a select with one option group per treatment group."""
    return [(str(group.label), [(kind.value, str(kind.label)) for kind in kinds_in(group)]) for group in TreatmentGroup]
