"""Code lists of the national dictionaries that facts, rules and graphs share."""

# Types of charge (`med_chrgitm_type`, dictionary of the national settlement list).
DRUGS = ("09", "10", "11")
EXAMS = ("03", "04")
TREATMENTS = ("05", "06")
OPERATION = "06"
MATERIALS = ("08",)
# Bed, ward round and nursing: what a stay is charged without anybody treating the patient. A day with nothing
# else is idle, the mark of a phantom bed stay (M10; R091).
BED_NURSING_ROUNDS = ("01", "02", "07")
# Services whose attendance is recorded (`serv_type`, addition of the data contract).
DIALYSIS, LARGE_EXAM, REHAB = "1", "2", "3"
# Diagnoses (three characters) of courses that bring a patient back by plan: dialysis (ICD-10 Z49, ICD-9 V56),
# radio- and chemotherapy (Z51, V58). Their stays are no split stays, and their patients meet by schedule.
COURSES = ("Z49", "Z51", "V56", "V58")
# Diseases of one sex (ICD-10 blocks): male and female genital organs and their tumours, pregnancy and birth.
MALE_DIAGNOSES = "^(N4[0-9]|N5[01]|C6[0-3]|D29)"
FEMALE_DIAGNOSES = "^(N7[0-7]|N8|N9[0-8]|C5[1-8]|D06|D2[5-8]|O)"
