"""Which audit rules speak for which scheme."""

# Scheme → rules whose findings speak for it (`domain/schemes.md` §1 and §2; our mapping). Those of M07 are of medicine that
# the fund does not cover for the illness: a restricted indication, outside the list of the registered disease, off label.
RULES_OF = {
    "M01": ("R049", "R050", "R052", "R054", "R065", "R091", "R092", "R093"),
    "M03": ("R084", "R085", "R090"),
    "M04": ("R078", "R094"),
    "M05": ("R030", "R031", "R070", "R109"),
    "M06": ("R086", "R087", "R088"),
    "M07": ("R024", "R032", "R071"),
    "M08": ("R095", "R098"),
    "M09": ("R001", "R002", "R003"),
    "M10": ("R050", "R089", "R091", "R092", "R093"),
    "M12": ("R088", "R094"),
    "M13": ("R089",),
    "M15": ("R112", "R113", "R129", "R130"),
    "M16": ("R061", "R108", "R113", "R114", "R115"),
    "M18": ("R061", "R064"),
    "M19": ("R031", "R105", "R106"),
    "M20": ("R105", "R106", "R107", "R108"),
    "M21": ("R109",),
    "M22": ("R110", "R111"),
    "M27": ("R128",),
    "M28": ("R099", "R100", "R101", "R102"),
    "M29": ("R015", "R058", "R059", "R060", "R063"),
    "M33": ("R075", "R078"),
    "M36": ("R005",),
    "M37": ("R006",),
    "M40": ("R109", "R118"),
    "M44": ("R091",),
    "M45": ("R104",),
    "M48": ("R118", "R119"),
}
