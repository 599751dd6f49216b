"""A bureau that sends required tables and fee lines only: no rule fails, and those skipped say why."""

from features.rules.declaration import RULES
from tests.features.rules.planting import findings
from tests.tiny import World


def test_a_bare_bureau_skips_by_name(tmp_path):
    world = World()
    world.hospital("H1")
    world.pharmacy("P1")
    world.visit(world.person("a"), "H1", "2024-06-10 09:00:00", lines=[("pill", 1, 9.0)])
    world.purchase("a", "P1", "2024-06-11", lines=[("pill", 1, 9.0)])
    found = findings(world, list(RULES))
    skipped = found.attrs["skipped"]
    assert found.empty and found.attrs["failed"] == {} and "R012" in found.attrs["run"]
    assert set(found.attrs["run"]) | set(skipped) == set(RULES)
    assert skipped["R024"] == "no table hilist_lmt_b"
    assert skipped["R061"] == "no table inv_chg_d"
    assert skipped["R064"] == "no values in fee_list_d.medins_list_codg"
    assert skipped["R105"] == "no table drug_sel_d"
    assert skipped["R119"] == "no table dr_info_b"
    assert skipped["R129"] == "no values in psn_info_b.tel"
