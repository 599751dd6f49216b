"""Values of the national dictionaries that audit rules look for (charge categories, kinds of visit, ways of
discharge)."""

# A newborn is treated on its mother's card, so its items are not held to her sex and age. ICD-10: O80-O84
# delivery, P perinatal conditions, Z38 liveborn infants.
BIRTH_DIAGNOSES = "^(O8|P|Z38)"
SEXES = {"1": "男性", "2": "女性"}
# Charge categories (med_chrgitm_type).
CARE = "07"
OPERATION = "06"
MATERIALS = "08"
# Western drugs and patent medicine: dispensed by the pack. Herbs are made up by the week and bought often.
PACKED = ("09", "11")
HERBS = "10"
# Ways of discharge (dscg_way, national code table 离院方式): to another hospital or the community by doctor's
# order; died.
MOVED_ON = ["2", "3"]
DIED = ["5"]
# Kinds of visit (med_type), the first two digits: referred in, admitted from the emergency room, childbirth,
# day surgery; and psychiatric or rehabilitation wards that settle by bed-days.
REFERRED = "23"
EMERGENCY = "24"
BIRTH = "52"
DAY_SURGERY = "28"
BED_DAYS = "2105"
