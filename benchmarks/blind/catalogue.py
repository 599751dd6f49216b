"""What can be billed: services, materials and drugs with their prices and limits."""

from functools import cache

import pandas as pd

# name → (code, Chinese name, class of charge, price, limits). Codes of services are national where the domain
# notes give one, of the same form otherwise.
SERVICES: dict[str, tuple[str, str, str, float, dict[str, object]]] = {
    "bed": ("001109000010000", "普通病房床位费(日)", "01", 38, {"max_day_cnt": 1, "excl_grp": "BED"}),
    "icu_bed": ("001109000030000", "监护病房床位费(日)", "01", 160, {"max_day_cnt": 1, "excl_grp": "BED"}),
    "ward_round": ("001102000050000", "住院诊查费(日)", "02", 22, {"max_day_cnt": 1}),
    "nursing1": ("001201000030000", "Ⅰ级护理(日)", "07", 34, {"max_day_cnt": 1, "excl_grp": "NURS"}),
    "nursing2": ("001201000040000", "Ⅱ级护理(日)", "07", 18, {"max_day_cnt": 1, "excl_grp": "NURS"}),
    "nursing3": ("001201000050000", "Ⅲ级护理(日)", "07", 10, {"max_day_cnt": 1, "excl_grp": "NURS"}),
    "consult": ("001102000010000", "普通门诊诊查费", "02", 12, {}),
    "general": ("001101000010000", "一般诊疗费", "12", 10, {}),
    "blood": ("002501010150000", "血细胞分析", "04", 20, {}),
    "urine": ("002501020350000", "尿液分析", "04", 15, {}),
    "liver": ("002503050010000", "肝功能组合", "04", 48, {}),
    "kidney_fn": ("002503080010000", "肾功能组合", "04", 36, {}),
    "lipids": ("002503030010000", "血脂组合", "04", 42, {}),
    "glucose": ("002503020010000", "葡萄糖测定", "04", 6, {}),
    "hba1c": ("002503020030000", "糖化血红蛋白测定", "04", 55, {}),
    "electrolytes": ("002503040010000", "电解质组合", "04", 32, {}),
    "clotting": ("002502030250000", "凝血四项", "04", 60, {}),
    "tumour": ("002504040110000", "肿瘤标志物组合", "04", 260, {}),
    "thyroid_fn": ("002503100010000", "甲状腺功能组合", "04", 150, {}),
    "cardiac": ("002503060010000", "心肌酶谱", "04", 85, {}),
    "crp": ("002504010200000", "C反应蛋白测定", "04", 28, {}),
    "hepatitis_b": ("002504030010000", "乙肝五项", "04", 45, {}),
    "rheumatoid": ("002504020290000", "风湿组合", "04", 110, {}),
    "ecg": ("003107010010000", "常规心电图检查", "03", 22, {}),
    "holter": ("003107010070000", "动态心电图", "03", 170, {}),
    "ultrasound": ("002203020010000", "腹部彩色多普勒超声", "03", 110, {}),
    "echo": ("002206000040000", "心脏彩色多普勒超声", "03", 150, {}),
    "carotid": ("002203020060000", "颈部血管彩色多普勒超声", "03", 130, {}),
    "xray": ("002101020150000", "X线摄影", "03", 55, {}),
    "ct_chest": ("002103000010000", "胸部CT平扫", "03", 230, {"serv_type": "2"}),
    "ct_head": ("002103000020000", "头颅CT平扫", "03", 210, {"serv_type": "2"}),
    "mri": ("002102000010000", "磁共振平扫", "03", 460, {"serv_type": "2"}),
    "gastroscopy": ("003109020030000", "电子胃镜检查", "03", 240, {}),
    "colonoscopy": ("003109030030000", "电子结肠镜检查", "03", 300, {}),
    "bone_density": ("002306000010000", "骨密度测定", "03", 80, {}),
    "angiography": ("003207000010000", "冠状动脉造影术", "03", 2600, {"serv_type": "2"}),
    "infusion": ("001204000060000", "静脉输液", "05", 12, {}),
    "injection": ("001204000010000", "肌肉注射", "05", 4, {}),
    "oxygen": ("001203000010000", "氧气吸入(小时)", "05", 4, {"max_day_cnt": 24}),
    "monitoring": ("003107010220000", "心电监测(小时)", "05", 5, {"max_day_cnt": 24}),
    "nebuliser": ("001206000010000", "雾化吸入", "05", 9, {}),
    "dressing": ("001205000010000", "换药", "05", 18, {}),
    "psychotherapy": ("003115030090000", "心理治疗", "05", 60, {}),
    "dialysis": ("003110000060000", "血液透析", "05", 380, {"serv_type": "1", "max_day_cnt": 1}),
    "perfusion": ("003110000100000", "血液灌流", "05", 420, {"serv_type": "1", "max_day_cnt": 1}),
    "acupuncture": ("004300000010000", "普通针刺", "05", 26, {"serv_type": "3"}),
    "electro": ("003401000110000", "低频电疗", "05", 18, {"serv_type": "3"}),
    "massage": ("004500000010000", "推拿治疗", "05", 42, {"serv_type": "3"}),
    "balance": ("003402000240000", "平衡功能训练", "05", 36, {"serv_type": "3"}),
    "exercise": ("003402000170000", "运动疗法", "05", 45, {"serv_type": "3"}),
    "chemo": ("003111000010000", "化疗药物配置及输注", "05", 180, {}),
    "cataract_op": ("003304060060000", "白内障超声乳化摘除术", "06", 1900, {}),
    "fracture_op": ("003315150010000", "骨折切开复位内固定术", "06", 2300, {}),
    "hip_op": ("003315070010000", "人工髋关节置换术", "06", 3600, {}),
    "spine_op": ("003315140010000", "脊柱内固定术", "06", 4200, {}),
    "appendix_op": ("003310030220000", "阑尾切除术", "06", 1100, {}),
    "gallbladder_op": ("003310060020000", "胆囊切除术", "06", 1900, {}),
    "hernia_op": ("003310080010000", "腹股沟疝修补术", "06", 1000, {}),
    "caesarean": ("003314000130000", "剖宫产术", "06", 1600, {"lmt_gend": "2"}),
    "pci_op": ("003206000010000", "冠状动脉支架置入术", "06", 3900, {}),
}
MATERIALS: dict[str, tuple[str, str, float]] = {
    "plate": ("C0301110101000001001", "接骨板(国产)", 1450),
    "plate_dear": ("C0301110101000002001", "接骨板(进口)", 3100),
    "screw": ("C0301110201000001001", "接骨螺钉", 190),
    "hip": ("C0302010101000001001", "髋关节假体", 7300),
    "rod": ("C0303010101000001001", "脊柱内固定棒", 1350),
    "pedicle": ("C0303010201000001001", "椎弓根螺钉", 720),
    "stent": ("C0201020101000001001", "药物洗脱支架", 790),
    "lens": ("C0601010101000001001", "人工晶状体", 680),
    "lens_dear": ("C0601010101000002001", "人工晶状体(可折叠)", 1400),
    "dialyser": ("C1001010101000001001", "一次性透析器", 95),
    "mesh": ("C1101010101000001001", "疝补片", 900),
    "infusion_set": ("C1401010101000001001", "一次性输液器", 2.5),
}
# name → (Chinese name, price of a pack, days of supply, class of charge 09 western 11 patent, tag)
DRUGS: dict[str, tuple[str, float, float, str, str]] = {
    "amlodipine": ("氨氯地平片", 18, 28, "09", "hypertension"),
    "valsartan": ("缬沙坦胶囊", 24, 14, "09", "hypertension"),
    "metformin": ("二甲双胍缓释片", 21, 15, "09", "diabetes"),
    "dapagliflozin": ("达格列净片", 62, 14, "09", "diabetes"),
    "insulin": ("甘精胰岛素注射液", 78, 12, "09", "diabetes"),
    "atorvastatin": ("阿托伐他汀钙片", 29, 14, "09", "coronary"),
    "clopidogrel": ("硫酸氢氯吡格雷片", 46, 14, "09", "coronary"),
    "sacubitril": ("沙库巴曲缬沙坦钠片", 118, 14, "09", "coronary"),
    "aspirin": ("阿司匹林肠溶片", 12, 30, "09", "stroke"),
    "butylphthalide": ("丁苯酞软胶囊", 150, 7, "09", "stroke"),
    "budesonide": ("布地奈德福莫特罗粉吸入剂", 128, 20, "09", "copd"),
    "tiotropium": ("噻托溴铵粉吸入剂", 135, 30, "09", "copd"),
    "ketoacid": ("复方α-酮酸片", 165, 10, "09", "kidney"),
    "calcitriol": ("骨化三醇软胶囊", 32, 10, "09", "kidney"),
    "epo": ("重组人促红素注射液", 24, 3, "09", "dialysis"),
    "gefitinib": ("吉非替尼片", 470, 10, "09", "cancer"),
    "letrozole": ("来曲唑片", 98, 10, "09", "cancer"),
    "olanzapine": ("奥氮平片", 38, 14, "09", "psychosis"),
    "quetiapine": ("喹硫平片", 44, 10, "09", "psychosis"),
    "leflunomide": ("来氟米特片", 36, 10, "09", "arthritis"),
    "tofacitinib": ("托法替布片", 310, 14, "09", "arthritis"),
    "entecavir": ("恩替卡韦片", 28, 28, "09", "hepatitis"),
    "tenofovir": ("丙酚替诺福韦片", 190, 30, "09", "hepatitis"),
    "tamsulosin": ("坦索罗辛缓释胶囊", 42, 10, "09", "prostate"),
    "levothyroxine": ("左甲状腺素钠片", 26, 50, "09", "thyroid"),
    "tacrolimus": ("他克莫司胶囊", 620, 13, "09", "transplant"),
    "mycophenolate": ("吗替麦考酚酯胶囊", 210, 10, "09", "transplant"),
    "antacid": ("奥美拉唑肠溶胶囊", 14, 7, "09", "acute"),
    "amoxicillin": ("阿莫西林胶囊", 11, 6, "09", "acute"),
    "cefixime": ("头孢克肟分散片", 23, 5, "09", "acute"),
    "ibuprofen": ("布洛芬缓释胶囊", 19, 10, "09", "acute"),
    "montelukast": ("孟鲁司特钠片", 33, 5, "09", "acute"),
    "loratadine": ("氯雷他定片", 16, 6, "09", "acute"),
    "eye_drops": ("左氧氟沙星滴眼液", 15, 7, "09", "acute"),
    "ointment": ("糠酸莫米松乳膏", 21, 10, "09", "acute"),
    "oseltamivir": ("磷酸奥司他韦胶囊", 56, 5, "09", "flu"),
    "lianhua": ("连花清瘟胶囊", 17, 4, "11", "flu"),
    "cough": ("急支糖浆", 22, 5, "11", "acute"),
    "plaster": ("消痛贴膏", 48, 6, "11", "acute"),
    "danshen": ("复方丹参滴丸", 27, 9, "11", "tonic"),
    "xuesaitong": ("血塞通软胶囊", 45, 10, "11", "tonic"),
    "liuwei": ("六味地黄丸", 24, 12, "11", "tonic"),
    "ejiao": ("复方阿胶浆", 118, 12, "11", "tonic"),
    "shenqi": ("参芪扶正颗粒", 88, 10, "11", "tonic"),
    "angong": ("安宫牛黄丸", 560, 1, "11", "tonic"),
    "calcium": ("碳酸钙D3片", 33, 30, "09", "tonic"),
    "bozhi": ("银杏叶提取物片", 64, 12, "11", "tonic"),
    "bozhi_dear": ("银杏叶提取物片(精装)", 109, 12, "11", "tonic"),
    "saline": ("0.9%氯化钠注射液", 4, 1, "09", "ward"),
    "cefoxitin": ("头孢西丁钠注射液", 32, 1, "09", "ward"),
    "levofloxacin": ("左氧氟沙星注射液", 26, 1, "09", "ward"),
    "pantoprazole": ("泮托拉唑钠注射液", 24, 1, "09", "ward"),
    "ambroxol": ("氨溴索注射液", 14, 1, "09", "ward"),
    "cinepazide": ("马来酸桂哌齐特注射液", 42, 1, "09", "ward"),
    "painkiller": ("氟比洛芬酯注射液", 34, 1, "09", "ward"),
    "heparin": ("低分子肝素注射液", 25, 1, "09", "ward"),
    "ginkgo_inj": ("银杏内酯注射液", 88, 1, "11", "adjuvant"),
    "shenmai": ("参麦注射液", 46, 1, "11", "adjuvant"),
    "ganglioside": ("脑苷肌肽注射液", 135, 1, "09", "adjuvant"),
    "thymosin": ("胸腺五肽注射液", 96, 1, "09", "adjuvant"),
    "paclitaxel": ("紫杉醇注射液", 520, 21, "09", "chemo"),
    "cisplatin": ("顺铂注射液", 85, 21, "09", "chemo"),
    "pemetrexed": ("培美曲塞二钠注射液", 980, 21, "09", "chemo"),
}
# Drugs that can be sold on.
RESALE = [
    "sacubitril",
    "butylphthalide",
    "budesonide",
    "ketoacid",
    "tenofovir",
    "tofacitinib",
    "dapagliflozin",
]
ACUTE = [
    "amoxicillin",
    "cefixime",
    "ibuprofen",
    "montelukast",
    "loratadine",
    "eye_drops",
    "ointment",
    "antacid",
]
COUNTER = [
    "cough",
    "plaster",
    "ibuprofen",
    "loratadine",
    "danshen",
    "liuwei",
    "calcium",
    "ejiao",
    "bozhi",
    "lianhua",
]
ADJUVANT = ["ginkgo_inj", "shenmai", "ganglioside", "thymosin"]
LABS = [
    "blood",
    "urine",
    "liver",
    "kidney_fn",
    "glucose",
    "electrolytes",
    "lipids",
    "clotting",
    "crp",
    "cardiac",
]
# The package of a hospital that examines everybody for everything.
PANEL = ["tumour", "thyroid_fn", "echo", "carotid", "hepatitis_b", "ultrasound", "rheumatoid", "bone_density"]


def _drug_code(number: int, patent: bool) -> str:
    return (
        f"ZA{number:02d}AAB{number * 37 % 9000 + 1000:04d}010{number:06d}"
        if patent
        else (f"XA{number:02d}BA{number * 53 % 900 + 100:03d}A001010{number * 7:05d}0182")
    )


def _row(name: str, code: str, label: str, kind: str, price: float, **more: object) -> dict[str, object]:
    known = {"hilist_code": code, "hilist_name": label, "med_chrgitm_type": kind, "price": price}
    return {"name": name, **known, **more}


@cache
def items() -> pd.DataFrame:
    """The catalogue by name of item: columns of `hilist_b`, `tag`, `drug` (bool), `number` (its position)."""
    rows = []
    for name, (code, label, kind, price, limits) in SERVICES.items():
        rows.append(_row(name, code, label, kind, price, list_type="201", ceiling=price * 1.25, **limits))
    for name, (code, label, price) in MATERIALS.items():
        rows.append(_row(name, code, label, "08", price, list_type="301", chrgitm_lv="02"))
    for place, (name, (label, price, days, kind, tag)) in enumerate(DRUGS.items(), 11):
        level, code = "02" if price > 40 else "01", _drug_code(place, kind == "11")
        drug = {"list_type": "101", "days_per_unit": days, "tag": tag, "chrgitm_lv": level}
        rows.append(_row(name, code, label, kind, price, **drug))
    table = pd.DataFrame(rows).set_index("name")
    table["chrgitm_lv"] = table.chrgitm_lv.fillna("01")
    table["drug"] = table.list_type.eq("101")
    table["number"] = range(len(table))
    return table


def number(name: str) -> int:
    """Item number of a name."""
    return int(items().number.loc[name])


def numbers(names: list[str]) -> list[int]:
    """Item numbers of names, in their order."""
    return [number(name) for name in names]


@cache
def drugs_for(disease: str) -> tuple[int, ...]:
    """Item numbers of the drugs taken for a chronic disease."""
    table = items()
    return tuple(int(i) for i in table.number[table.tag.eq(disease)])
