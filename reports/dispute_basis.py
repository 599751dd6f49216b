"""How the money in dispute of a scheme is reckoned, in words (`features.disputed_amounts`)."""

from features.disputed_amounts import WHOLE_VISIT
from reports.languages import text_in

_DRUGS = (
    "基金支付×超出同类病种用药习惯的药品费÷总费用",
    "the fund's payment × medicines given more often than others do for the same diseases ÷ the bill",
)
_EXAMS = (
    "基金支付×超出同类病种检查习惯的检查检验费÷总费用;无此类项目的,按全部检查检验费计",
    "the fund's payment × examinations done more often than others do for the same diseases ÷ the bill; "
    "where there are none, all examinations",
)
_AT_HAND = (
    "基金支付×家中余药够用一个月时所购药费÷总费用",
    "the fund's payment × medicine bought while a month's supply was at hand ÷ the bill",
)
_ABOVE_GROUP = (
    "基金支付中高出同病组通常费用的部分",
    "what of the fund's payment is above the usual bill of the disease group",
)
# Scheme → (Chinese, English).
BASIS = {
    "M05": _AT_HAND,
    "M06": _AT_HAND,
    "M07": _DRUGS,
    "M10": (
        "基金支付×无检查治疗的床日÷住院床日;住院期间在外就医购药的,按规则所涉明细",
        "the fund's payment × days without any treatment ÷ days of the stay; of visits elsewhere during a "
        "stay, the lines that rules found",
    ),
    "M19": (
        f"成批取药的,全部基金支付;其余按{_AT_HAND[0]}",
        f"filled in batches with the same others: all that the fund paid; else {_AT_HAND[1]}",
    ),
    "M20": (
        "基金支付×追溯码此前已售出的盒数÷所售盒数",
        "the fund's payment × boxes whose trace code had been sold before ÷ boxes sold",
    ),
    "M24": (
        "基金支付中高出实际诊疗项目或原病种应有水平的部分",
        "what of the fund's payment is above what was done, or above the disease without its high-cost group",
    ),
    "M25": _ABOVE_GROUP,
    "M28": (
        "基金支付×无签到的透析次数÷透析次数",
        "the fund's payment × sessions without a sign-in ÷ sessions charged",
    ),
    "M29": (
        "基金支付×超出他院同一手术通常耗材的金额÷总费用;无可比手术的,按他院少用的耗材或全部耗材计",
        "the fund's payment × consumables beyond the same operation elsewhere ÷ the bill; where nobody "
        "else does the operation, consumables that others use less often, or all",
    ),
    "M33": _EXAMS,
    "M40": (
        "基金支付中高出各药店中位价的部分,或超出同类病种用药习惯的药品费所占部分,取大者",
        "what of the fund's payment is above the pharmacies' median prices, or for medicines given more "
        "often than others do; the larger",
    ),
    "M43": _DRUGS,
    "M44": _ABOVE_GROUP,
    "M46": _EXAMS,
    "M50": _DRUGS,
}
# Of schemes that put a whole visit in doubt, and of those that cost the fund nothing by themselves.
WHOLE = ("该次就诊的全部基金支付", "all that the fund paid for the visit")
WHOLE_IN_PART = (
    "该次就诊的基金支付,扣除同类通常也有的部分",
    "what the fund paid for the visit, without what is usual among the peers",
)
FINDINGS = ("规则疑点所涉明细的基金支付", "what the fund paid for the lines that rules found")


def dispute_basis(scheme: str | None, language: str, partly: bool = False) -> str:
    """How the money in dispute of a scheme is reckoned.

    Args:
        partly: less is in dispute than was paid for the visits.
    """
    whole = WHOLE_IN_PART if partly else WHOLE
    return text_in(language, whole if scheme in WHOLE_VISIT else BASIS.get(scheme or "", FINDINGS))
