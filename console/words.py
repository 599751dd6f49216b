"""Words of the console, in Chinese and English; what a dossier or report says comes from `reports`."""

from django.utils.translation import get_language

from console.roles import RIGHTS
from reports.languages import text_in
from reports.subject_words import VERDICTS

# State of an inspection → (sign, Chinese, English); the sign tells states apart without colours.
STATES = {
    "pending": ("○", "待核", "to check"),
    "checking": ("▶", "核实中", "being checked"),
    "2": ("●", *VERDICTS["2"]),
    "4": ("▲", *VERDICTS["4"]),
    "3": ("×", *VERDICTS["3"]),
    "off": ("–", "已撤销", "withdrawn"),
}
ACTIONS = {
    "opened": ("立案", "opened"),
    "assigned": ("分派", "assigned"),
    "taken": ("开始核实", "taken"),
    "commented": ("备注", "commented"),
    "attached": ("上传附件", "attached a file"),
    "proposed": ("提出结论,待复核", "proposed a verdict"),
    "approved": ("复核通过,结案", "approved, closed"),
    "returned": ("退回重核", "sent back"),
    "decided": ("结案", "closed"),
    "recovered": ("登记追回金额", "stated what was recovered"),
    "withdrawn": ("撤销", "withdrawn"),
}
AUDIT_ACTIONS = ACTIONS | {
    "login": ("登录", "logged in"),
    "login_failed": ("登录失败", "failed to log in"),
    "logout": ("退出", "logged out"),
    "list": ("查看名单", "looked at a list"),
    "searched": ("检索名单", "searched a list"),
    "look": ("查看档案", "looked at a dossier"),
    "printed": ("打印档案", "printed a dossier"),
    "unmasked": ("显示编号", "showed identifiers"),
    "exported": ("导出名单", "exported a list"),
    "refused": ("更改未被接受", "change was refused"),
    "downloaded": ("下载附件", "downloaded a file"),
    "audit_searched": ("检索审计日志", "searched the audit log"),
    "user_changed": ("更改用户", "changed a user"),
    "rights_changed": ("更改权限", "changed rights"),
    "supervision": ("查看监管报表", "looked at supervision"),
}
FIELDS = {
    "assignee": ("承办人", "assignee"),
    "state": ("状态", "state"),
    "proposed": ("拟定结论", "proposed verdict"),
    "scheme": ("情形", "scheme"),
    "amount_found": ("查实金额(元)", "amount found (yuan)"),
    "amount_recovered": ("追回金额(元)", "amount recovered (yuan)"),
    "reason": ("说明", "reason"),
    "decided_by": ("核查人", "decided by"),
    "approved_by": ("复核人", "approved by"),
    "closed_at": ("结案时间", "closed at"),
}
ROLES = {
    "operator": ("运维人员", "operator"),
    "investigator": ("核查员", "investigator"),
    "supervisor": ("主管", "supervisor"),
    "auditor": ("审计员", "auditor"),
    "data_scientist": ("数据分析员", "data scientist"),
}
# Details of entries of the audit log; the id of an attachment is nothing to read.
DETAILS = {
    "page": ("第几页", "page"),
    "rows": ("行数", "rows"),
    "version": ("版本", "version"),
    "whose": ("对象", "whose"),
    "created": ("新建", "created"),
    "areas": ("区划", "areas"),
    "is_active": ("启用", "active"),
    "is_staff": ("用户管理", "manages users"),
    "is_superuser": ("超级用户", "superuser"),
    "how": ("变动", "how"),
    "which": ("角色或权限", "which"),
}
# Right → words; the three last are Django's own.
RIGHT_WORDS = {
    "see_lists": ("查看名单和档案", RIGHTS["see_lists"]),
    "see_institutions": ("查看机构编号和名称", RIGHTS["see_institutions"]),
    "unmask": ("显示编号", RIGHTS["unmask"]),
    "all_areas": ("查看全部区划", RIGHTS["all_areas"]),
    "see_draw": ("查看随机抽查名单", RIGHTS["see_draw"]),
    "see_cases": ("查看案件", RIGHTS["see_cases"]),
    "work": ("承办案件", RIGHTS["work"]),
    "assign": ("分派案件", RIGHTS["assign"]),
    "approve": ("复核结论", RIGHTS["approve"]),
    "export": ("导出名单", RIGHTS["export"]),
    "see_supervision": ("查看监管报表", RIGHTS["see_supervision"]),
    "see_audit": ("检索审计日志", RIGHTS["see_audit"]),
    "see_status": ("查看运行状况", RIGHTS["see_status"]),
    "add_user": ("新增用户", "add users"),
    "change_user": ("更改用户", "change users"),
    "view_user": ("查看用户", "see users"),
}
NOT_SAID = ("attachment",)
PAGES = {
    "today": ("今日", "today"),
    "board": ("在办看板", "open cases"),
    "monthly": ("监管月报", "monthly report"),
    "portraits": ("机构画像", "portraits"),
    "workload": ("工作量与命中率", "workload and hit rate"),
}
HOW = {"add": ("增加", "added"), "remove": ("移除", "removed"), "clear": ("清空", "cleared")}
YES_NO = {"True": ("是", "yes"), "False": ("否", "no")}
# Of the pages that administer users.
USER_WORDS = {
    "user": ("用户", "user"),
    "users": ("用户", "users"),
    "role": ("角色", "Role"),
    "areas": ("区划", "Areas"),
    "areas_help": (
        "可查看的区划代码,用逗号分隔;420801含其下各乡镇、村。未填则看不到任何对象(有全部区划权限者除外)。",
        "Codes of areas, separated by commas, whose subjects the user sees: 420801 includes its towns and "
        "villages. Without any he sees none, unless he has the right to see every area.",
    ),
}
# Why something cannot be done now: key of `console.case_work.NotNowError` → words.
NOT_NOW = {
    "closed_already": ("本次名单中该对象已结案。", "It was closed on this list already."),
    "is_closed": ("已结案,不能再更改。", "It is closed and cannot be changed."),
    "is_anothers": ("由他人承办。", "It is somebody else's."),
    "waits_for_second": ("已有拟定结论,待复核。", "A verdict waits for a second person."),
    "nothing_proposed": ("没有待复核的结论。", "No verdict waits for approval."),
    "own_proposal": ("本人提出的结论须由他人复核。", "Your own verdict needs somebody else's approval."),
    "not_confirmed": ("只有查实的案件才登记追回金额。", "Only what was confirmed can be recovered."),
    "drawn_stays": ("随机抽查不能撤销。", "What was drawn at random cannot be withdrawn."),
    "wrong": ("填写有误,请检查。", "Something is filled in wrongly."),
}
_WORDS = {
    "product": ("基金卫士", "fundguard"),
    "skip": ("跳到正文", "Skip to content"),
    "today": ("今日", "Today"),
    "lists": ("名单", "Lists"),
    "board": ("在办看板", "Open cases"),
    "monthly": ("监管月报", "Monthly report"),
    "portraits": ("机构画像", "Portraits"),
    "workload": ("工作量与命中率", "Workload and hit rate"),
    "audit": ("审计日志", "Audit log"),
    "status": ("运行状况", "Nights"),
    "users": ("用户管理", "Users"),
    "password": ("修改密码", "Change password"),
    "login": ("登录", "Log in"),
    "logout": ("退出", "Log out"),
    "username": ("用户名", "User name"),
    "password_word": ("密码", "Password"),
    "login_failed": ("用户名或密码不对。", "Wrong name or password."),
    "locked": ("登录失败次数过多,请稍后再试。", "Too many failed logins. Please try again later."),
    "other_language": ("English", "中文"),
    "as_of": ("清单日期", "As of"),
    "no_run": (
        "尚无可显示的清单,或清单正在更换,请稍后再试。",
        "There is no list yet, or it is being replaced. Please try again later.",
    ),
    "not_found": ("没有这一页,或不在您的权限范围内。", "There is no such page, or it is not yours to see."),
    "refused": ("您没有这项权限。", "You do not have this right."),
    "server_error": (
        "出错了,未作更改。请告知运维人员。",
        "Something failed; nothing was changed. Please tell the operator.",
    ),
    "back": ("返回", "Back"),
    "to_visit": ("今日核查对象", "To visit today"),
    "to_visit_note": ("次序与可疑程度无关。", "The order says nothing about how suspicious somebody is."),
    "mine": ("我承办的", "Mine"),
    "none_here": ("无", "None"),
    "none_mine": ("目前没有承办的案件。", "Nothing is assigned to you."),
    "none_today": ("您的区域今日没有核查对象。", "Nobody is to be visited in your area today."),
    "drawn": ("随机抽查", "drawn at random"),
    "kind": ("类别", "Kind"),
    "id": ("编号", "Id"),
    "name": ("名称", "Name"),
    "rank": ("排名", "Rank"),
    "score": ("分数", "Score"),
    "parts": ("分项", "Parts"),
    "part_model": ("学习", "learnt"),
    "part_anomaly": ("异常", "anomaly"),
    "part_rule": ("规则", "rules"),
    "part_graph": ("关联", "graph"),
    "scheme": ("疑似情形", "Suspected scheme"),
    "money": ("争议基金(元)", "In dispute (yuan)"),
    "change": ("较上夜", "Since last night"),
    "new": ("新", "new"),
    "same": ("未变", "same"),
    "state": ("状态", "State"),
    "assignee": ("承办人", "Assignee"),
    "nobody": ("未分派", "nobody"),
    "area": ("区划", "Area"),
    "level": ("级别", "Level"),
    "all": ("全部", "All"),
    "least": ("金额不少于(元)", "At least (yuan)"),
    "sort": ("排序", "Sort"),
    "filter": ("筛选", "Filter"),
    "reset": ("清除", "Reset"),
    "search": ("检索编号或名称", "Find id or name"),
    "search_masked": ("检索匿名编号", "Find pseudonym"),
    "last_case": ("前次核查结论", "Outcome of the last inspection"),
    "find": ("检索", "Find"),
    "searched_for": ("检索结果", "Found for the words searched"),
    "export": ("导出 Excel", "Export to Excel"),
    "found": ("共 {} 个", "{} in all"),
    "page_of": ("第 {} / {} 页", "Page {} of {}"),
    "previous": ("上一页", "Previous"),
    "next": ("下一页", "Next"),
    "first_page": ("首页", "First"),
    "blinded": (
        "“—”:正在核查的对象不显示排名和分数。",
        "“—”: of what is being inspected neither rank nor score is shown.",
    ),
    "no_rows": ("没有符合条件的对象。", "Nothing matches."),
    "story": ("情况", "What happened"),
    "print": ("打印", "Print"),
    "unmask": ("显示编号", "Show identifiers"),
    "unmask_note": ("编号已隐去;显示将记入审计日志。", "Identifiers are hidden; showing them is logged."),
    "unmasked_note": ("编号已显示,已记入审计日志。", "Identifiers are shown; this was logged."),
    "partial": (
        "该对象未生成完整档案,以下为清单中的内容。",
        "The night drew no full dossier; this is what its tables say.",
    ),
    "members": ("成员", "Members"),
    "weight": ("紧密程度", "Weight"),
    "listed": ("排名", "Rank"),
    "work": ("核查", "Inspection"),
    "none_open": ("尚未立案。", "No inspection is open."),
    "take": ("领取并开始核实", "Take and begin"),
    "begin": ("开始核实", "Begin to check"),
    "assign": ("分派", "Assign"),
    "assign_to": ("分派给", "Assign to"),
    "comment": ("备注", "Comment"),
    "add_comment": ("添加备注", "Add comment"),
    "attach": ("上传附件", "Attach"),
    "file": (
        "文件(PDF、图片、Office、文本,不超过 {} MB)",
        "File (PDF, picture, Office or text, up to {} MB)",
    ),
    "attachments": ("附件", "Attachments"),
    "decide": ("作出结论", "Decide"),
    "verdict": ("核查结论", "Verdict"),
    "amount_found": ("查实金额(元)", "Amount found (yuan)"),
    "amount_recovered": ("追回金额(元)", "Amount recovered (yuan)"),
    "reason": ("说明(排除时必填)", "Reason (needed where cleared)"),
    "second_note": (
        "查实或排除金额超过 {} 元的,须由第二人复核。",
        "Verdicts above {} yuan need a second person.",
    ),
    "waits": ("待复核", "Waits for approval"),
    "approve": ("复核通过", "Approve"),
    "return": ("退回", "Send back"),
    "return_reason": ("退回理由", "Why"),
    "withdraw": ("撤销(不作结论)", "Withdraw without a verdict"),
    "withdraw_reason": ("撤销理由", "Why"),
    "record_recovered": ("登记追回金额", "State what was recovered"),
    "history": ("经过", "What was done"),
    "past": ("该对象的案件", "Inspections of this subject"),
    "open_dossier": ("查看档案", "Open the dossier"),
    "not_listed": ("该对象不在当前清单中。", "The subject is not on the present list."),
    "closed_on": ("结案", "Closed"),
    "synced": ("已回写", "handed back"),
    "not_synced": ("待回写", "to be handed back"),
    "stale": ("他人已先行更改,您的更改未保存", "Somebody else changed it first; your change was not saved"),
    "stale_note": (
        "以下为您打开页面之后的更改。请核对后重新提交。",
        "Changed since you opened the page.",
    ),
    "yours": ("您填写的内容", "What you filled in"),
    "reload": ("重新打开案件", "Open the case again"),
    "saved": ("已保存。", "Saved."),
    "when": ("时间", "When"),
    "who": ("用户", "Who"),
    "what": ("操作", "What"),
    "change_words": ("内容", "Details"),
    "open": ("在办", "Open"),
    "closed": ("已结", "closed"),
    "by_person": ("按承办人", "By assignee"),
    "by_scheme": ("按情形", "By scheme"),
    "by_model": ("按模型", "By model"),
    "alerts": ("立案数", "Alerts"),
    "decided_count": ("已结案数", "Decided"),
    "confirmed_count": ("查实数(含部分)", "Confirmed (also in part)"),
    "of_alerts": ("查实÷立案", "Confirmed ÷ alerts"),
    "hit_rate": ("查实÷结案", "Confirmed ÷ decided"),
    "hit_note": (
        "命中率为查实(含部分)数除以立案数;除以已结案数的,括号内为95%区间(威尔逊法)。"
        "按情形、按模型统计时不含随机抽查。",
        "Hit rates: confirmed (also in part) ÷ alerts, and ÷ decided with its 95 % interval (Wilson). "
        "Schemes and models without what was drawn at random.",
    ),
    "found_sum": ("查实金额(元)", "Found (yuan)"),
    "recovered_sum": ("追回金额(元)", "Recovered (yuan)"),
    "audit_user": ("用户名", "User name"),
    "audit_action": ("操作", "Action"),
    "audit_subject": ("对象编号", "Subject's id"),
    "audit_from": ("自", "From"),
    "audit_to": ("至", "To"),
    "chain_good": ("链条完整,共 {} 条。", "The chain is whole: {} entries."),
    "chain_bad": ("链条有误:", "The chain is broken: "),
    "verify": ("校验链条", "Verify the chain"),
    "grade": ("等级", "Grade"),
    "points": ("得分", "Points"),
    "arithmetic": ("扣分明细", "Arithmetic"),
    "keys": (
        "快捷键:/ 检索,j k 上下移动,Enter 打开,n p 翻页,g 今日",
        "Keys: / find, j k move, Enter open, n p pages, g today",
    ),
    "submit": ("提交", "Submit"),
    "save": ("保存", "Save"),
    "saved_password": ("密码已修改。", "The password was changed."),
    "no_night": ("尚无运行记录。", "No night yet."),
}


def language() -> str:
    """The language of the request: zh or en."""
    return "en" if (get_language() or "").startswith("en") else "zh"


def words() -> dict[str, str]:
    """All words in the language of the request."""
    chosen = language()
    return {key: text_in(chosen, pair) for key, pair in _WORDS.items()}


def word(table: dict[str, tuple[str, str]], key: str) -> str:
    """What a key is called in the language of the request; one that is not known stays as it is."""
    return text_in(language(), table.get(key, (key, key)))


def state_word(state: str) -> str:
    """A state with its sign; a case of an outcome that no inspection has is open elsewhere."""
    sign, zh, en = STATES.get(state, STATES["checking"])
    return f"{sign} {text_in(language(), (zh, en))}"
