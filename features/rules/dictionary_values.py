"""Values of the national dictionaries that audit rules look for (charge categories, kinds of visit, ways of
discharge)."""

# A newborn is treated on its mother's card, so its items are not held to her sex and age. ICD-10: O80-O84
# delivery, P perinatal conditions, Z38 liveborn infants.
BIRTH_DIAGNOSES = "^(O8|P|Z38)"
SEXES = {"1": "男性", "2": "女性"}
# Insurance kinds (insutype) and kinds of visit (med_type, by its first two digits) as the national
# dictionaries name them.
INSURANCE = {
    "310": "职工基本医疗保险", "340": "离休人员医疗保障", "390": "城乡居民基本医疗保险",
    "391": "城镇居民基本医疗保险", "410": "长期照护保险", "510": "生育保险",
}  # fmt: skip
MED_TYPES = {
    "11": "普通门诊", "12": "门诊挂号", "13": "急诊", "14": "门诊慢特病", "15": "特药", "16": "中医特色门诊",
    "19": "意外伤害门诊", "21": "普通住院", "22": "外伤住院", "23": "转外诊治住院", "24": "急诊转住院",
    "25": "异地住院", "26": "单病种住院", "27": "自主就医", "28": "日间手术", "41": "药店购药",
    "51": "生育门诊", "52": "生育住院", "53": "计划生育手术", "61": "照护",
}  # fmt: skip
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
