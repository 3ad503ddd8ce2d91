"""What may not stand in a mail, looked for before a text is saved: it travels unencrypted (45 CFR 164.530(c)). Pure."""

import re

from crm.mail.markdown import FILLED_LATER, FILLED_NOW, Text, asked_for

# Words that would tell a reader over somebody's shoulder what this is about. Whole words, any case.
HEALTH_WORDS = {
    "en": """
        pain pains painful ache aches back neck spine spinal vertebra lumbar cervical disc discs disk hernia
        herniated sciatica stenosis arthritis nerve nerves leg legs arm arms knee hip foot numb numbness
        weakness tingling bladder bowel cancer fever steroid steroids mri ct x-ray x-rays imaging scan scans
        therapy therapist physical exercise exercises treatment treatments medication medications medicine
        drug drugs injection injections epidural chiropractic acupuncture surgery surgical surgeon invasive
        procedure operation doctor doctors physician clinic clinical patient patients diagnosis symptom
        symptoms condition medical health hospital nurse insurance
        """.split(),
    "es": """
        dolor dolores duele espalda cuello columna vértebra lumbar cervical disco discos hernia ciática
        estenosis artritis nervio nervios pierna piernas brazo brazos rodilla cadera pie adormecimiento
        debilidad hormigueo vejiga intestino cáncer fiebre esteroide esteroides resonancia tomografía
        radiografía terapia terapeuta fisioterapia ejercicio ejercicios tratamiento tratamientos medicamento
        medicamentos medicina inyección inyecciones epidural quiropráctica acupuntura cirugía cirujano
        cirujana procedimiento operación médico médica doctor doctora clínica paciente pacientes diagnóstico
        síntoma síntomas salud hospital enfermera seguro
        """.split(),
}
LONGEST_SUBJECT = 100
LONGEST_BODY = 5_000
_IMAGE = re.compile(r"!\[|<img|https?://\S+\.(?:png|jpe?g|gif|webp|svg)", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://|www\.", re.IGNORECASE)


def complaints(text: Text, language: str) -> list[str]:
    """Return what has to be mended before a text may be saved, in words; [] for a text that is in order."""
    whole = f"{text.subject}\n{text.body}"
    found = [
        "Write a subject." if not text.subject.strip() else "",
        "Write a body." if not text.body.strip() else "",
        f"The subject is longer than {LONGEST_SUBJECT} characters." if len(text.subject) > LONGEST_SUBJECT else "",
        f"The body is longer than {LONGEST_BODY} characters." if len(text.body) > LONGEST_BODY else "",
        _unknown(whole),
        _about_health(whole, language),
        "Pictures tell others that a mail was opened: take them out." if _IMAGE.search(whole) else "",
        "Link with a placeholder, such as [Read on]({reading_link})." if _ADDRESS.search(whole) else "",
        "The subject takes no link." if asked_for(text.subject) & FILLED_LATER else "",
    ]
    return [sentence for sentence in found if sentence]


def _unknown(whole: str) -> str:
    unknown = sorted(asked_for(whole) - FILLED_NOW - FILLED_LATER)
    if not unknown:
        return ""
    known = ", ".join(f"{{{name}}}" for name in sorted(FILLED_NOW | FILLED_LATER))
    return f"Unknown placeholder {', '.join(f'{{{name}}}' for name in unknown)}. There are: {known}."


def _about_health(whole: str, language: str) -> str:
    words = {word for known in {language, "en"} for word in HEALTH_WORDS.get(known, [])}
    found = sorted(word for word in words if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", whole, re.IGNORECASE))
    return (
        f"These words tell what it is about: {', '.join(found)}. Say it on the private page instead." if found else ""
    )
