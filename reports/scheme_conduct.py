"""What the disputed visits of each scheme were, as words that follow their number in a story."""

# Scheme → (Chinese, after 其中n次; English, after "n of N visits").
CONDUCT = {
    "M01": ("属账单与他人近乎相同、与多人同时入院或缺少真实诊疗的情况,疑似虚假住院",
            "have nearly the same bills as others, many admitted at once or hardly any treatment, as "
            "invented stays do"),
    "M02": ("与同村或固定人员结伴入院", "came in together with neighbours or the same companions"),
    "M03": ("在出院后不久又入住同一医院,疑似分解住院", "were back in the same hospital soon after discharge"),
    "M04": ("属住院时间短且费用以检查为主,疑似以住院代替体检", "were short and made up of examinations"),
    "M05": ("在家中余药够一个月时仍继续购药", "bought medicine of which a month was still at hand"),
    "M06": ("间隔过短,购药过于频繁", "followed too soon on the purchase before"),
    "M07": ("使用了超出支付范围的药品", "were for medicine that the fund does not cover"),
    "M08": ("与长期护理服务时间冲突", "fall on days of long-term care"),
    "M09": ("发生在死亡登记之后", "took place after the registered death"),
    "M10": ("属住院期间多日无检查治疗或在院外就医购药,疑似挂床",
            "had idle days, or visits elsewhere while in hospital, as phantom bed stays do"),
    "M11": ("来自异常集中的村居,疑似诱导住院", "came from villages that send too many, as if induced"),
    "M12": ("属一般只需门诊治疗的疾病", "were for diseases that need no stay"),
    "M13": ("由门诊当日或次日转为住院", "were turned from outpatient care into a stay"),
    "M14": ("疑似冒用他人医保卡", "look as if somebody else used the card"),
    "M15": ("与固定人员的卡接连刷卡,疑似集中代刷",
            "followed within moments on swipes of the same other cards"),
    "M16": ("短时间内接连刷卡或金额雷同,疑似空刷套刷",
            "followed within moments on other swipes or cost the same amount"),
    "M17": ("疑似刷卡套取现金", "look like cash drawn by card"),
    "M18": ("金额或次数异常,疑似串换生活用品", "have amounts as when goods are swapped for medicine"),
    "M19": ("属成批超量购药或由同一批人成批取药,疑似倒卖药品",
            "were in excess of use or filled in batches with the same others, as for resale"),
    "M20": ("涉及追溯码此前已被售出的药盒", "were for boxes whose trace code had been sold before"),
    "M21": ("用同一处方在多处重复购药", "filled one prescription at several places"),
    "M22": ("属处方时间或间隔异常,疑似补开虚开", "rest on prescriptions written late or in a rush"),
    "M23": ("使用了存疑的慢特病待遇资格", "rest on a doubtful chronic-disease entitlement"),
    "M24": ("收费或入组高于所做诊疗项目应有水平,疑似高套分组", "were charged above what was done"),
    "M25": ("费用明显高于同病组", "cost far more than their disease group"),
    "M26": ("与固定人员在同一时间聚集就诊", "were made at the same time as the same others"),
    "M27": ("为事故外伤而未登记第三方责任", "were for injuries of an accident, no third party named"),
    "M28": ("透析无签到或次数超出常规,疑似虚记透析",
            "charged dialysis without sign-in or beyond the usual number"),
    "M29": ("耗材费用异常", "charged too many consumables"),
    "M30": ("为救助对象反复住院",
            "were for recipients of medical assistance who are admitted again and again"),
    "M31": ("之后集中住进同一医院", "were followed by stays in one hospital"),
    "M32": ("疑似把自费项目串换成医保项目收费", "charged covered items for what is not covered"),
    "M33": ("检查多于同类患者的常规,疑似套餐式检查",
            "had more examinations than such patients have elsewhere, as packages of tests do"),
    "M34": ("来自同一养老机构或村居的成批住院", "came in a batch from one home or village"),
    "M36": ("发生在服刑或失踪期间", "fall in a time of prison or absence"),
    "M40": ("是在医师引导患者集中前往的药店购药,且药价偏高",
            "were made at pharmacies to which a doctor seems to send patients, at high prices"),
    "M41": ("为异地就医且次数或费用异常", "took place away from home, too often or too expensively"),
    "M42": ("与同一连锁其他门店的异常购药相同", "repeat what is abnormal at other branches of the chain"),
    "M43": ("使用少数高价药品的比例远高于他处",
            "used a few expensive medicines far more often than others do"),
    "M44": ("住院时间过长", "lasted too long"),
    "M45": ("收取康复理疗费而无签到或量大到不可能完成",
            "charged rehabilitation without sign-in or more than can be done"),
    "M46": ("属检查检验量异常增长", "belong to a surge of examinations"),
    "M47": ("集中在年底突击刷卡", "fall in the rush at the end of the year"),
    "M48": ("与该医师在他处接诊的时间冲突", "clash with the doctor's visits elsewhere"),
    "M49": ("疑似把住院费用转到门诊或由患者自费",
            "moved costs of a stay to outpatient bills or to the patient"),
    "M50": ("以药费为主而检查治疗很少", "were mostly medicine, with hardly any examination or treatment"),
}  # fmt: skip
# The same of phantom bed stays, where the visits are those that the patient made elsewhere meanwhile.
DURING_STAY = (
    "属患者在他院住院期间的外出就医购药,疑似挂床",
    "took place while the patient was booked in a hospital elsewhere, as phantom bed stays show",
)
# Scheme → schemes that its own conduct shows as on a single visit: their visits are told as its own. What
# people are admitted together for are invented stays; of a hospital's each is told for itself.
_SHOWN_AS = {"M19": ("M05", "M06")}
_SHOWN_AS_BY_PEOPLE = {"M02": ("M01",)}
# The verbs that the English phrases begin with, of many visits → of one.
_OF_ONE = {
    "were": "was", "have": "has", "look": "looks", "fall": "falls", "rest": "rests", "clash": "clashes",
    "repeat": "repeats", "belong": "belongs", "are": "is",
}  # fmt: skip


def shown_as(subject: str, scheme: str | None) -> tuple[str, ...]:
    """The schemes whose visits are told as those of the named one, of a kind of subject."""
    of_people = _SHOWN_AS_BY_PEOPLE if subject in ("group", "patient") else {}
    return (_SHOWN_AS | of_people).get(str(scheme), ())


def of_one(phrase: str) -> str:
    """An English phrase of CONDUCT, of a single visit."""
    verb, _space, rest = phrase.partition(" ")
    return f"{_OF_ONE.get(verb, verb)} {rest}"
