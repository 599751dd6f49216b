"""What each role may do. A user has the rights of his groups; the groups are made at the first start."""

# Right → what it lets somebody do; each is a permission ``console.RIGHT`` of Django.
RIGHTS = {
    "see_lists": "see lists and dossiers",
    "see_institutions": "see which institutions they name",
    "unmask": "show the identifiers of a dossier",
    "all_areas": "see every area",
    "see_draw": "see who was drawn at random",
    "see_cases": "see inspections",
    "work": "take inspections, comment, attach, decide",
    "assign": "assign inspections to others",
    "approve": "approve verdicts of others",
    "export": "export lists",
    "see_supervision": "see monthly report, portraits and workload",
    "see_audit": "search the audit log",
    "see_status": "see what the nights said of themselves",
}
# Role → its rights. The operator also has Django's rights to add and change users.
ROLES = {
    "operator": ("see_status",),
    "investigator": ("see_lists", "see_institutions", "see_cases", "unmask", "work", "export"),
    "supervisor": (
        "see_lists", "see_institutions", "see_cases", "unmask", "all_areas", "see_draw", "work", "assign",
        "approve", "export", "see_supervision", "see_status",
    ),
    "auditor": (
        "see_lists", "see_institutions", "see_cases", "all_areas", "see_draw", "see_supervision",
        "see_audit",
    ),
    "data_scientist": ("see_lists", "all_areas", "see_supervision", "export"),
}  # fmt: skip
# Of Django's own rights, those of the operator.
USER_RIGHTS = ("add_user", "change_user", "view_user")
