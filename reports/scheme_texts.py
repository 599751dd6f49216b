"""The schemes of `docs/schemes.md`: names, what proves or clears one on site, and what only resembles it."""

from collections.abc import Sequence

from reports.languages import text_in

# Id → (Chinese, English).
SCHEMES = {
    "M01": ("虚假住院", "fake admission"),
    "M02": ("结伴住院", "companion group admissions"),
    "M03": ("分解住院", "split admission"),
    "M04": ("体检式住院", "check-up admission"),
    "M05": ("超量购药", "over-quantity drug purchasing"),
    "M06": ("超频次购药", "over-frequency purchasing"),
    "M07": ("超范围购药", "out-of-scope purchasing"),
    "M08": ("违规享受长护待遇", "improper long-term-care benefit"),
    "M09": ("死亡后享受医保待遇", "benefits after death"),
    "M10": ("挂床住院", "phantom bed stay"),
    "M11": ("诱导住院", "induced admission"),
    "M12": ("降低住院标准", "low-threshold admission"),
    "M13": ("门诊转住院", "outpatient turned inpatient"),
    "M14": ("冒名就医", "impersonation"),
    "M15": ("敛卡刷卡", "card collection"),
    "M16": ("空刷套刷门诊统筹", "empty swipes"),
    "M17": ("刷卡套现", "cash-out"),
    "M18": ("串换生活用品", "swap of goods for drugs"),
    "M19": ("药农药商网络", "drug-farmer network"),
    "M20": ("回流药/追溯码重复", "repeated trace code"),
    "M21": ("一方多购", "one prescription, many outlets"),
    "M22": ("伪造/倒补处方", "forged prescription"),
    "M23": ("慢特病虚假资格", "false chronic qualification"),
    "M24": ("高套分组", "up-coding"),
    "M25": ("病种费用偏差", "cost deviation by disease"),
    "M26": ("就医聚集", "clustered attendance"),
    "M27": ("隐瞒第三方责任", "concealed third party"),
    "M28": ("血透虚计", "padded dialysis"),
    "M29": ("高值耗材虚计", "padded consumables"),
    "M30": ("救助对象重复住院", "repeat stays of the poor"),
    "M31": ("买卖病人", "patient trading"),
    "M32": ("非医保项目打包", "bundled non-covered items"),
    "M33": ("套餐式检查", "package testing"),
    "M34": ("养老院供人住院", "nursing-home supply chain"),
    "M35": ("虚假参保", "sham employment"),
    "M36": ("服刑失踪期间享受", "benefits while imprisoned or missing"),
    "M37": ("重复参保报销", "double enrolment"),
    "M38": ("假票据报销", "forged receipts"),
    "M39": ("经办人员违规", "agency-staff abuse"),
    "M40": ("医师药店勾结", "doctor-pharmacy collusion"),
    "M41": ("异地就医异常", "abnormal cross-region care"),
    "M42": ("连锁门店集中违规", "chain-level violation"),
    "M43": ("重点药品异常", "key-drug anomaly"),
    "M44": ("精神康复长期住院", "psychiatric and rehab long stays"),
    "M45": ("虚记康复理疗", "phantom rehab"),
    "M46": ("检查检验量异常增长", "exam volume surge"),
    "M47": ("年底突击刷卡", "year-end rush"),
    "M48": ("医师分身", "doctor in two places"),
    "M49": ("转嫁费用", "cost shifting"),
    "M50": ("以药养医", "drug-driven revenue"),
}

# What proves or clears a scheme on site (own words, after published cases and 医保函〔2025〕2号).
ON_SITE = {
    "M01": (
        "询问患者;床位与病房照片;护士体温单;检验仪器日志;订餐与用氧记录;医保卡由谁保管;返还患者的现金",
        "patient interviews; photos of bed and ward; nurses' temperature sheets; logs of laboratory "
        "instruments; meal and oxygen records; who keeps the card; cash paid back to patients",
    ),
    "M02": (
        "接送车辆与组织者;是否同一中介电话;是否同村;介绍费支付",
        "transport and who organised it; one broker's telephone; one village; referral fees",
    ),
    "M03": (
        "两次出院小结;医嘱是否连续;账单与限额对照;询问患者是否真正离院",
        "both discharge summaries; whether orders run on; bills against the cap; ask the patient whether he "
        "ever left",
    ),
    "M04": (
        "医嘱;症状记录;检查指征;免费体检宣传材料",
        "orders; notes of symptoms; indications of the examinations; promotion of free check-ups",
    ),
    "M05": (
        "入户清点剩余药品;血药浓度;转卖聊天记录;快递记录",
        "count of pills at a home visit; drug level in blood; chats about resale; courier records",
    ),
    "M06": (
        "入户清点剩余药品;各药店购药凭据;快递记录",
        "count of pills at a home visit; receipts of the pharmacies; courier records",
    ),
    "M07": (
        "慢特病登记表;病种用药目录;处方",
        "registration form of the disease; its drug list; the prescriptions",
    ),
    "M08": (
        "入户核查录像;护理员定位记录;家属陈述;重新评估",
        "video of a home visit; carer's position log; the family's statement; a new assessment",
    ),
    "M09": (
        "死亡证明;火化记录;何人持卡;药店监控",
        "death certificate; cremation record; who held the card; the pharmacy's cameras",
    ),
    "M10": (
        "夜间查房;体温单缺失;请假记录;手机定位;院外就诊购药由谁持卡",
        "night check of the ward; gaps in temperature charts; leave records; position of the phone; who used "
        "the card elsewhere",
    ),
    "M11": ("包车记录;介绍费账目;患者陈述", "bus hire; ledger of referral fees; statements"),
    "M12": ("入院指征复核", "review of the indication for admission"),
    "M13": ("检查时间与入院时间对照", "times of examinations against admission"),
    "M14": ("人脸影像;核验身份记录;签名", "face image; record of the identity check; signatures"),
    "M15": (
        "现场是否有成批医保卡;租卡付款;登录日志",
        "stock of cards on site; rent paid for cards; login logs",
    ),
    "M16": (
        "盘点库存;销售与进货票据对照;监控录像",
        "count of the stock; sales against purchase invoices; cameras",
    ),
    "M19": (
        "快递单;聊天记录;银行流水;仓库;回收与转卖价格",
        "courier bills; chats; bank flows; warehouse; prices of buying back and resale",
    ),
    "M20": ("实物药盒;供货发票;扫码图像", "the pack itself; the supplier's invoices; images of the scan"),
    "M21": ("处方原件", "the original prescription"),
    "M22": ("平台日志;医师陈述", "the platform's logs; the doctor's statement"),
    "M23": ("存档化验报告;代办费用", "archived laboratory reports; fees of an agent"),
    "M24": ("病案与编码复核", "review of the record against its codes"),
    "M25": ("病历复核", "review of the charts"),
    "M26": ("监控录像;接送车辆", "cameras; transport"),
    "M27": (
        "事故认定书;判决书;病历中的受伤原因",
        "accident certificate; judgment; cause noted in the record",
    ),
    "M28": ("签到簿;透析机日志;透析器库存账", "sign-in book; log of the machine; stock ledger of dialysers"),
    "M29": (
        "手术清点单;植入物标签;采购单",
        "count sheet of the operation; labels of implants; purchase orders",
    ),
    "M30": ("入户走访", "home visit"),
    "M31": ("支付给医师的款项", "payments to the doctor"),
    "M33": ("医嘱与检查指征对照", "orders against indications"),
    "M34": ("与养老机构的合同", "contracts with the home"),
    "M40": ("回扣资金流水;处方与购药时间", "flow of kickbacks; times of prescriptions and purchases"),
    "M42": ("总部制度;收银系统设置", "rules of the head office; settings of the tills"),
    "M44": ("查房", "check of the ward"),
    "M45": ("设备与耗材采购账", "ledger of equipment and consumables"),
    "M48": ("排班表", "the rota"),
}
# Where nothing is named for the scheme: what proves or clears items on a bill, and of people their visits.
ON_SITE_ELSE = (
    "完整费用清单;医嘱与执行记录;仪器日志;进货发票与库存账",
    "full fee list; orders and their execution; instrument logs; purchase invoices and stock ledger",
)
# Where nobody lies in bed: at a pharmacy, and at a clinic without a ward.
ON_SITE_NO_WARD = {
    "M10": (
        "患者在他院住院期间由谁持卡前来:就诊或购药凭据、监控录像、身份核验记录",
        "who came with the card while its holder lay in a hospital: receipts, cameras, identity checks",
    ),
}
ON_SITE_SHOP = (
    "销售凭据与处方;进货发票与库存账;监控录像",
    "receipts and prescriptions; purchase invoices and stock ledger; cameras",
)
ON_SITE_PEOPLE = (
    "本人是否到场、由谁持卡刷卡;就诊原因;病历与处方;结算清单与实际用药对照",
    "whether they came themselves and who used the card; why they went; records and prescriptions; bills "
    "against the medicine really taken",
)

# What resembles a scheme and is honest (own words, after the exemptions that published rules grant).
HONEST = {
    "M01": (
        "确有病情的短期住院;同一病区相似病种的账单自然相近",
        "a short stay with a real illness; bills of one ward and one disease are alike by nature",
    ),
    "M02": (
        "同一户家人;养老院住员;流感季同村就医;同一单位体检",
        "one household; residents of a home; a village in the flu season; a check-up of one employer",
    ),
    "M03": (
        "放化疗、透析等周期治疗;转院;急诊再入院;产科",
        "courses such as chemotherapy and dialysis; transfers; emergency re-admission; obstetrics",
    ),
    "M04": (
        "症状待查的鉴别诊断,检查有阳性结果并有治疗",
        "a symptom that had to be cleared up, with findings and treatment",
    ),
    "M05": (
        "长期处方(一次最多 12 周);外出前备药;药品短缺",
        "a long prescription (up to 12 weeks at once); stocking up before a journey; shortages",
    ),
    "M06": (
        "病情变化换药;药店拆零,一次购药分多笔结算",
        "a change of medicine; one purchase settled in several parts",
    ),
    "M07": ("病种登记滞后;诊断漏填", "a disease registered late; a diagnosis not entered"),
    "M08": (
        "护理当日往返就医;住院首末日",
        "a trip to the doctor on a day of care; the first and last day of a stay",
    ),
    "M09": (
        "死亡登记日期有误;死亡当日结算;继承人转移个人账户",
        "a wrong date of death; settlement on the day of death; heirs' transfer of the account",
    ),
    "M10": (
        "经批准的家庭病床;日间手术;精神与康复日间床位",
        "an approved bed at home; day surgery; day beds of psychiatry and rehabilitation",
    ),
    "M11": (
        "该村只有这一家医院可去;季节性疾病",
        "the only hospital in reach of the village; a seasonal disease",
    ),
    "M12": ("高龄或合并症较多的患者", "old patients and those with many other illnesses"),
    "M13": ("门诊检查后病情需要住院", "an outpatient examination that showed the need of a stay"),
    "M15": (
        "家人代取药;村医代购;家庭共济",
        "medicine fetched for the family; a village doctor who shops for patients; a family's pooled account",
    ),
    "M16": ("固定剂量的慢病购药,金额自然相同", "chronic medicine in a fixed dose costs the same every time"),
    "M19": (
        "同一门诊日的慢病患者;同病种患者用药相同",
        "chronic patients of one clinic day; patients of one disease take the same medicine",
    ),
    "M20": ("拆零销售;退货后再次销售", "packs sold in parts; boxes returned and sold again"),
    "M21": ("缺药后到另一家药店补取", "the rest fetched at another shop when one had run out"),
    "M24": (
        "专科医院收治重症;分组器版本变化",
        "a specialised hospital with severe cases; a new version of the grouper",
    ),
    "M25": ("并发症与合并症;新技术", "complications and other illnesses; new technology"),
    "M26": (
        "集日门诊;透析班次;单位体检",
        "clinics on market days; shifts of dialysis; an employer's check-up",
    ),
    "M27": ("自行跌倒等无第三方责任的外伤", "an injury without anybody else to blame, such as a fall"),
    "M28": (
        "医嘱增加的透析;设备故障导致的签到缺失",
        "an additional session on order; sign-ins lost with a broken device",
    ),
    "M29": ("复杂手术的实际用量;备货跨期", "real use in a difficult operation; stock of an earlier period"),
    "M30": ("重病的救助对象", "poor people who are very ill"),
    "M31": ("医联体内的上下级转诊", "referrals within a medical alliance"),
    "M33": ("入院常规检查;体检项目", "routine tests on admission; check-ups"),
    "M40": (
        "医院门口的药店;处方流转平台",
        "the shop at the hospital's gate; a platform that passes prescriptions on",
    ),
    "M42": ("连锁统一定价与采购", "one price and one purchase for the whole chain"),
    "M46": ("新设备投用;科室扩建", "new equipment; a larger department"),
    "M47": ("流感季;年末假期前备药", "the flu season; stocking up before the holidays"),
}


def on_site(scheme: str | None, language: str, subject: str = "", ward: bool = True) -> str:
    """What to check on site for a scheme; where nothing is named for it, by the kind of subject.

    Args:
        ward: the institution or the doctor has patients who stay.
    """
    named, otherwise = ON_SITE, ON_SITE_ELSE
    if subject in ("patient", "group"):
        otherwise = ON_SITE_PEOPLE
    elif subject == "pharmacy":
        otherwise = ON_SITE_SHOP
    if subject == "pharmacy" or not ward:
        named = ON_SITE | ON_SITE_NO_WARD
    return text_in(language, named.get(scheme or "", otherwise))


def honest(scheme: str | None, language: str) -> str:
    """What resembles a scheme and is honest; empty where nothing does."""
    return HONEST.get(scheme or "", ("", ""))[0 if language == "zh" else 1]


# What stands where no scheme is named.
NOT_DECIDED = ("待定", "not decided")
# What visits in dispute are called that show no scheme.
NO_SCHEME = ("其他疑点", "others")


# A scheme that this share of the money is in dispute for is what most of it is for.
MOSTLY = 0.5


def mostly_disputed(money: Sequence[tuple[str | None, float]]) -> str | None:
    """The scheme that most of the money is in dispute for: of schemes (None for visits that show none) and
    their yuan; None where there is none."""
    total = sum(yuan for _scheme, yuan in money)
    return next((scheme for scheme, yuan in money if scheme and yuan >= MOSTLY * total > 0), None)


def scheme_or_pending(scheme: str | None, language: str) -> str:
    """Id and name of a scheme; where none stands out, that it is not decided."""
    return scheme_name(scheme, language) or text_in(language, NOT_DECIDED)


def dispute_name(scheme: str | None, language: str) -> str:
    """Id and name of the scheme that visits are in dispute for; where they show none, that they are
    others."""
    return scheme_name(scheme, language) or text_in(language, NO_SCHEME)


def scheme_name(scheme: str | None, language: str) -> str:
    """Id and name of a scheme; empty where none stands out, the id alone where it is a bureau's own."""
    if not isinstance(scheme, str):
        return ""
    words = SCHEMES.get(scheme, ("", ""))
    return f"{scheme} {words[language != 'zh']}".strip()
