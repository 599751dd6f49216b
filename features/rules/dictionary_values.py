"""Values of the national dictionaries that audit rules look for (charge categories, kinds of visit, ways of
discharge)."""

# A newborn is treated on its mother's card, so its items are not held to her sex and age. ICD-10: O80-O84
# delivery, P perinatal conditions, Z38 liveborn infants.
BIRTH_DIAGNOSES = "^(O8|P|Z38)"
SEXES = {"1": ("男性", "men"), "2": ("女性", "women")}
# Insurance kinds (insutype) and kinds of visit (med_type, by its first two digits) as the national
# dictionaries name them, and in English.
INSURANCE = {
    "310": ("职工基本医疗保险", "employees' insurance"),
    "340": ("离休人员医疗保障", "retired cadres' scheme"),
    "390": ("城乡居民基本医疗保险", "residents' insurance"),
    "391": ("城镇居民基本医疗保险", "urban residents' insurance"),
    "410": ("长期照护保险", "long-term care insurance"), "510": ("生育保险", "maternity insurance"),
}  # fmt: skip
MED_TYPES = {
    "11": ("普通门诊", "outpatient care"), "12": ("门诊挂号", "registration"),
    "13": ("急诊", "emergency care"),
    "14": ("门诊慢特病", "outpatient care of a registered disease"), "15": ("特药", "special drugs"),
    "16": ("中医特色门诊", "outpatient Chinese medicine"),
    "19": ("意外伤害门诊", "outpatient care of an accident"), "21": ("普通住院", "an ordinary stay"),
    "22": ("外伤住院", "a stay for an injury"), "23": ("转外诊治住院", "a stay by referral"),
    "24": ("急诊转住院", "a stay from the emergency room"), "25": ("异地住院", "a stay away from home"),
    "26": ("单病种住院", "a stay at the price of the disease"), "27": ("自主就医", "care without referral"),
    "28": ("日间手术", "day surgery"), "41": ("药店购药", "a purchase at a pharmacy"),
    "51": ("生育门诊", "outpatient maternity care"), "52": ("生育住院", "a stay for childbirth"),
    "53": ("计划生育手术", "a family planning operation"), "61": ("照护", "nursing care"),
    # A limit may name a whole class by its first digit.
    "1": ("门诊", "outpatient care"), "2": ("住院", "a stay"),
}  # fmt: skip
# Departments (caty): A and the number in 《医疗机构诊疗科目名录》 (卫生部 1994), in Chinese and English.
DEPARTMENTS = {
    "A01": ("预防保健科", "preventive care"), "A02": ("全科医疗科", "general practice"),
    "A03": ("内科", "internal medicine"), "A04": ("外科", "surgery"), "A05": ("妇产科", "obstetrics"),
    "A06": ("妇女保健科", "women's health"), "A07": ("儿科", "paediatrics"),
    "A08": ("小儿外科", "paediatric surgery"), "A09": ("儿童保健科", "child health"),
    "A10": ("眼科", "ophthalmology"), "A11": ("耳鼻咽喉科", "ENT"), "A12": ("口腔科", "dentistry"),
    "A13": ("皮肤科", "dermatology"), "A14": ("医疗美容科", "cosmetic medicine"),
    "A15": ("精神科", "psychiatry"), "A16": ("传染科", "infectious diseases"),
    "A17": ("结核病科", "tuberculosis"), "A18": ("地方病科", "endemic diseases"),
    "A19": ("肿瘤科", "oncology"),
    "A20": ("急诊医学科", "emergency medicine"), "A21": ("康复医学科", "rehabilitation"),
    "A22": ("运动医学科", "sports medicine"), "A23": ("职业病科", "occupational diseases"),
    "A24": ("临终关怀科", "hospice care"), "A25": ("特种医学与军事医学科", "military medicine"),
    "A26": ("麻醉科", "anaesthesia"), "A27": ("疼痛科", "pain medicine"),
    "A28": ("重症医学科", "intensive care"), "A30": ("医学检验科", "laboratory"),
    "A31": ("病理科", "pathology"), "A32": ("医学影像科", "imaging"), "A50": ("中医科", "Chinese medicine"),
    "A51": ("民族医学科", "ethnic medicine"), "A52": ("中西医结合科", "integrated medicine"),
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
