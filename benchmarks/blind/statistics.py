"""Hand-written statistics: SQL with the columns id and value, large where a scheme's guilty are expected.

`VIEWS` are made once, in their order: visits that count with their money, stays, events, days of a ward.
"""

from collections.abc import Mapping

VIEWS: Mapping[str, str] = {
    "money": """
        select mdtrt_id, sum(medfee_sumamt) fee, sum(fund_pay_sumamt) fund, sum(cash_payamt) cash from
        setl_d where vali_flag = '1' and setl_type = '2' group by 1 having sum(medfee_sumamt) > 0""",
    "v": """
        select m.*, fee, fund, cash, begntime::date d0, endtime::date d1, p.gend, p.live_admdvs,
        p.psn_idet_type, f.hosp_lv, f.biznet, f.admdvs, m.dscg_maindiag_code icd from mdtrt_d m join money
        using (mdtrt_id) join psn_info_b p using (psn_no) join fixmedins_b f using (fixmedins_code)""",
    "stays": "select *, d1 - d0 los from v where med_type between '20' and '29'",
    "events": """
        select psn_no, fixmedins_code, mdtrt_id, begntime, d0 from v where med_type not between '20' and
        '29'""",
    "outside": """
        select s.mdtrt_id, count(*) n from stays s join events e using (psn_no) where e.d0 > s.d0 and e.d0 <
        s.d1 and e.fixmedins_code <> s.fixmedins_code group by 1""",
    "lines": """
        select l.*, h.med_chrgitm_type kind, h.days_per_unit, h.serv_type, h.list_type from fee_list_d l
        join hilist_b h using (hilist_code) join money using (mdtrt_id)""",
    "stay_lines": """
        select mdtrt_id, l.hilist_code, kind, list_type, cnt, det_item_fee_sumamt amt, fee_ocur_time::date d
        from lines l where mdtrt_id in (select mdtrt_id from stays)""",
    "stay_bill": """
        select s.mdtrt_id, s.fixmedins_code, s.psn_no, s.chfpdr_code, s.icd, s.los, s.hosp_lv,
        coalesce(sum(amt) filter (kind in ('09', '11')), 0) / sum(amt) drugs, count(distinct hilist_code)
        filter (kind in ('03', '04')) tests, count(distinct d) filter (kind not in ('01', '02', '07')) busy,
        coalesce(sum(cnt) filter (list_type = '301' and kind = '08' and amt > 100), 0) implants,
        coalesce(sum(amt) filter (list_type = '301'), 0) material from stays s join stay_lines using
        (mdtrt_id) group by all""",
    "readmissions": """
        select a.mdtrt_id, a.fixmedins_code from stays a join stays b on a.psn_no = b.psn_no and
        a.fixmedins_code = b.fixmedins_code and b.begntime > a.begntime and b.d0 - a.d1 between 0 and 8
        where a.icd not in ('Z51', 'C50', 'F20') group by all""",
    "unneeded": """
        select *, (los <= 4 and drugs < 0.1 and tests >= 9)::int checkup from stay_bill""",
    "together": """
        select a.psn_no, b.psn_no other, count(*) n from stays a join stays b on a.fixmedins_code =
        b.fixmedins_code and a.psn_no <> b.psn_no and abs(a.d0 - b.d0) <= 2 where a.hosp_lv > '05' group by
        1, 2 having count(*) >= 2""",
    "sessions": """
        select l.*, v.chfpdr_code, exists (select 1 from psn_sign_d g where g.psn_no = l.psn_no and
        g.fixmedins_code = l.fixmedins_code and g.sign_in_time::date = l.fee_ocur_time::date) signed from
        lines l join v using (mdtrt_id) where l.serv_type in ('1', '3') and v.med_type not between '20' and
        '29'""",
    "supply": """
        select psn_no, hilist_code, sum(cnt * days_per_unit) / 365 stock, count(*) n,
        sum(det_item_fee_sumamt) amt from lines where days_per_unit >= 7 group by 1, 2""",
    "till": """
        select fixmedins_code, psn_no, d0, live_admdvs home, begntime paid, lead(psn_no) over w follower,
        lead(begntime) over w follower_paid from v where med_type = '41' window w as (partition by
        fixmedins_code order by begntime, psn_no)""",
    "order_again": """
        select fixmedins_code, psn_no, follower, count(distinct d0) n from till where date_diff('second',
        paid, follower_paid) < 180 and psn_no <> follower group by all having count(distinct d0) >= 2""",
    "filled": """
        select l.rx_drord_no rx, l.fixmedins_code, l.psn_no, l.bilg_dr_codg dr, min(l.fee_ocur_time) sold,
        any_value(r.prsc_time) written, any_value(r.max_rept_cnt) repeats, sum(det_item_fee_sumamt) amt,
        count(distinct l.mdtrt_id) fills
        from lines l join rx_d r on r.hi_rxno = l.rx_drord_no group by all""",
    "same_minutes": """
        select a.fixmedins_code, a.psn_no, b.psn_no other, count(*) n from v a join v b on a.fixmedins_code
        = b.fixmedins_code and a.d0 = b.d0 and a.psn_no <> b.psn_no and abs(date_diff('second', a.begntime,
        b.begntime)) < 720 where a.med_type = '11' and b.med_type = '11' and a.icd <> 'I10' group by all
        having count(*) >= 3""",
    "sent_on": """
        select o.chfpdr_code dr, s.fixmedins_code, count(*) n from v o join stays s using (psn_no) where
        o.med_type = '11' and o.hosp_lv <= '05' and s.d0 - o.d0 between 1 and 3 and s.hosp_lv > '05' and
        s.icd <> 'I69' group by all""",
    "late": """
        select v.psn_no, v.fixmedins_code, count(*) n from v join (select psn_no, min(die_date)::date died
        from psn_die_regn_d group by 1) using (psn_no) where d0 > died group by all""",
    "cost": """
        select *, ln(fee) - median(ln(fee)) over (partition by dise_no, hosp_lv) over_norm from stays""",
    "implants": """
        select *, material / avg(material) over (partition by icd) ratio from stay_bill where implants > 0""",
    "rebought": """
        select fixmedins_code, (trdn_flag = '0' and drug_trac_codg is not null and row_number() over
        (partition by drug_trac_codg order by sel_retn_time) > 1)::int again from drug_sel_d""",
    "fed": """
        select f.*, (select max(stock) from supply s where s.psn_no = f.psn_no) stock from filled f""",
}
STATISTICS: Mapping[tuple[str, str], str] = {
    ("M01", "hospital"): """
        select fixmedins_code id, avg((cash < 1 and psn_idet_type is null and icd <> 'H25')::int) value from
        stays group by 1""",
    ("M01", "patient"): """
        select psn_no id, sum((cash < 1)::int + (coalesce(n, 0) > 0)::int) value from stays left join
        outside using (mdtrt_id) group by 1""",
    ("M01", "prescriber"): """
        select chfpdr_code id, avg((cash < 1 and psn_idet_type is null and icd <> 'H25')::int) value from
        stays group by 1 having count(*) > 4""",
    ("M02", "patient"): "select psn_no id, sum(n - 1) value from together group by 1",
    ("M03", "hospital"): """
        select s.fixmedins_code id, avg((r.mdtrt_id is not null)::int) value from stays s left join
        readmissions r using (mdtrt_id) group by 1 having count(*) > 10""",
    ("M04", "hospital"): """
        select fixmedins_code id, avg(checkup) value from unneeded where fixmedins_code is not null group by
        1 having count(*) >= 8""",
    ("M04", "patient"): "select psn_no id, sum(checkup) value from unneeded group by 1",
    ("M05", "patient"): """
        select psn_no id, max(stock) value from supply where n >= 6 group by 1""",
    ("M08", "patient"): """
        select psn_no id, count(*) value from stays join ltci_trt_d using (psn_no) where serv_begntime::date
        > d0 and serv_begntime::date < d1 group by 1""",
    ("M09", "patient"): "select psn_no id, sum(n) value from late group by 1",
    ("M09", "hospital"): "select fixmedins_code id, sum(n) value from late group by 1",
    ("M10", "hospital"): """
        select fixmedins_code id, avg(1 - busy / los) value from stay_bill where fixmedins_code is not null
        group by 1 having count(*) >= 5""",
    ("M10", "patient"): "select psn_no id, sum(los - busy) value from stay_bill group by 1",
    ("M11", "hospital"): """
        select fixmedins_code id, avg((cash < 1 and psn_idet_type is null and icd <> 'H25')::int) value from
        stays group by 1 having count(*) >= 5""",
    ("M14", "patient"): """
        select psn_no id, sum(n) value from ( select a.psn_no, count(*) n from v a join v b using (psn_no)
        where a.fixmedins_code < b.fixmedins_code and a.admdvs <> b.admdvs and abs(date_diff('minute',
        a.begntime, b.begntime)) < 60 group by 1 union all select psn_no, count(*) n from v where ((gend =
        '1' and icd like 'N7%') or (gend = '2' and icd = 'N40')) group by 1) group by 1""",
    ("M15", "pharmacy"): "select fixmedins_code id, sum(n) value from order_again group by 1",
    ("M15", "patient"): "select psn_no id, sum(n) value from order_again o group by 1",
    ("M16", "pharmacy"): """
        select v.fixmedins_code id, avg((d.setl_id is null and fund > 0)::int) value from v left join
        (select distinct l.mdtrt_id, 'x' setl_id from lines l join drug_sel_d using (bkkp_sn)) d using
        (mdtrt_id) where med_type = '41' group by 1""",
    ("M18", "pharmacy"): """
        select fixmedins_code id, max(n * sd) value from (select fixmedins_code, hilist_code, count(*) n,
        stddev(ln(pric)) sd from lines group by all) group by 1""",
    ("M19", "patient"): """
        select psn_no id, max(stock) value from supply where n >= 5 group by 1""",
    ("M19", "prescriber"): """
        select dr id, sum(amt) filter (stock > 1.6) / sum(amt) value from fed group by 1 having count(*) >=
        10""",
    ("M19", "pharmacy"): """
        select fixmedins_code id, sum(amt) filter (stock > 1.6) / sum(amt) value from fed group by 1""",
    ("M20", "pharmacy"): """
        select fixmedins_code id, avg(again) value from rebought where fixmedins_code is not null group by 1
        having count(*) >= 10""",
    ("M21", "patient"): """
        select psn_no id, count(*) value from (select rx, psn_no from filled where repeats <= 1 group by 1,
        2 having count(distinct fixmedins_code) > 1) group by 1""",
    ("M22", "pharmacy"): """
        select fixmedins_code id, avg((written > sold + interval 10 minute)::int) value from filled where
        fixmedins_code is not null group by 1 having count(*) >= 10""",
    ("M22", "prescriber"): """
        select dr id, avg((written > sold + interval 10 minute)::int) value from filled where dr is not null
        group by 1 having count(*) >= 10""",
    ("M24", "hospital"): """
        select fixmedins_code id, avg((dise_no not like '%A')::int) * (avg(over_norm) filter (dise_no like
        '%A') - avg(over_norm) filter (dise_no not like '%A')) value from cost group by 1 having count(*) >=
        30""",
    ("M26", "patient"): "select psn_no id, sum(n) value from same_minutes group by 1",
    ("M26", "hospital"): "select fixmedins_code id, sum(n) value from same_minutes group by 1",
    ("M26", "prescriber"): """
        select chfpdr_code id, sum(n) value from same_minutes join v using (psn_no, fixmedins_code) group by
        1""",
    ("M27", "patient"): """
        select psn_no id, count(*) value from stays join acdt_rec_d a using (psn_no) where a.ttp_flag = '1'
        and coalesce(rel_ttp_flag, '0') = '0' and begntime between acdt_time and acdt_time + interval 7 day
        and icd[1] in ('S', 'T', 'M') group by 1""",
    ("M28", "hospital"): """
        select fixmedins_code id, avg((not signed)::int) value from sessions where serv_type = '1' group by
        1""",
    ("M28", "patient"): """
        select psn_no id, sum((not signed)::int) value from sessions where serv_type = '1' group by 1""",
    ("M29", "hospital"): """
        select fixmedins_code id, avg(ratio) value from implants where fixmedins_code is not null group by 1
        having count(*) >= 8""",
    ("M29", "prescriber"): """
        select chfpdr_code id, avg(ratio) value from implants where chfpdr_code is not null group by 1
        having count(*) >= 8""",
    ("M31", "prescriber"): "select dr id, max(n) value from sent_on group by 1",
    ("M31", "hospital"): "select fixmedins_code id, sum(n) value from sent_on group by 1",
    ("M33", "hospital"): """
        select fixmedins_code id, avg(more) value from (select fixmedins_code, tests - median(tests) over
        (partition by icd) more from stay_bill) group by 1 having count(*) > 10""",
    ("M34", "hospital"): """
        select fixmedins_code id, max(n * n / people) value from (select fixmedins_code, live_admdvs,
        count(*) n, count(distinct psn_no) people from stays where icd not in ('Z51', 'C50', 'F20') and
        hosp_lv > '05' group by 1, 2) group by 1""",
    ("M40", "prescriber"): """
        select dr id, max(n * tonics) / sum(n) value from (select bilg_dr_codg dr, fixmedins_code, count(*)
        n, avg((kind = '11' and pric > 60)::int) tonics from lines where rx_drord_no is not null group by 1,
        2) group by 1 having sum(n) >= 10""",
    ("M40", "pharmacy"): """
        select fixmedins_code id, max(amt * share) value from (select fixmedins_code, dr, sum(amt) amt,
        count(*) / sum(count(*)) over (partition by dr) share from filled group by 1, 2) group by 1""",
    ("M45", "hospital"): """
        select fixmedins_code id, sum((not signed)::int) value from sessions where serv_type = '3' group by
        1""",
    ("M45", "prescriber"): """
        select chfpdr_code id, sum((not signed)::int) value from sessions where serv_type = '3' group by 1""",
    ("M47", "pharmacy"): """
        select fixmedins_code id, avg(n) filter (m = '2025-12') / avg(n) value from (select fixmedins_code,
        strftime(fee_ocur_time, '%Y-%m') m, sum(det_item_fee_sumamt) n from lines where days_per_unit >= 7
        group by 1, 2) group by 1""",
    ("M48", "prescriber"): """
        select a.chfpdr_code id, count(*) value from v a join v b on a.chfpdr_code = b.chfpdr_code and a.d0
        = b.d0 and a.fixmedins_code < b.fixmedins_code and abs(date_diff('minute', a.begntime, b.begntime))
        < 60 where a.med_type = '11' and b.med_type = '11' group by 1""",
    ("M50", "prescriber"): """
        select chfpdr_code id, max(n * least(kinds, 6)) value from (select chfpdr_code, hilist_code,
        count(*) n, count(distinct icd) kinds from v join lines l using (mdtrt_id) where med_type = '11' and
        kind in ('09', '11') and l.pric > 40 group by 1, 2) group by 1""",
}
