"""The addresses; none of them holds an identifier."""

from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeView
from django.urls import path, reverse_lazy
from django.views.i18n import set_language

from console.views import assets, audit_search, case_pages, dossier_pages, home, list_pages, supervision_pages

handler403 = "console.views.failures.refused"
handler404 = "console.views.failures.not_found"
handler500 = "console.views.failures.failed"

urlpatterns = [
    path("login/", LoginView.as_view(template_name="console/login.html"), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path(
        "password/",
        PasswordChangeView.as_view(template_name="console/password.html", success_url=reverse_lazy("today")),
        name="password",
    ),
    path("report.css", assets.report_css, name="report_css"),
    path("language/", set_language, name="set_language"),
    path("", home.today, name="today"),
    path("lists/<slug:kind>/", list_pages.ranked_list, name="list"),
    path("lists/<slug:kind>/search/", list_pages.search_list, name="search"),
    path("lists/<slug:kind>/export/", list_pages.export_list, name="export"),
    path("subjects/<str:token>/", dossier_pages.dossier, name="dossier"),
    path("subjects/<str:token>/print/", dossier_pages.print_dossier, name="print"),
    path("subjects/<str:token>/identifiers/", dossier_pages.show_identifiers, name="unmask"),
    path("subjects/<str:token>/open/", dossier_pages.open_inspection, name="open"),
    path("inspections/<uuid:pk>/", case_pages.case, name="case"),
    path("inspections/<uuid:pk>/take/", case_pages.take, name="take"),
    path("inspections/<uuid:pk>/assign/", case_pages.assign, name="assign"),
    path("inspections/<uuid:pk>/comment/", case_pages.comment, name="comment"),
    path("inspections/<uuid:pk>/attach/", case_pages.attach, name="attach"),
    path("inspections/<uuid:pk>/decide/", case_pages.decide, name="decide"),
    path("inspections/<uuid:pk>/approve/", case_pages.approve, name="approve"),
    path("inspections/<uuid:pk>/return/", case_pages.send_back, name="return"),
    path("inspections/<uuid:pk>/withdraw/", case_pages.withdraw, name="withdraw"),
    path("inspections/<uuid:pk>/recovered/", case_pages.recover, name="recovered"),
    path("attachments/<uuid:pk>/", case_pages.download, name="attachment"),
    path("board/", supervision_pages.board, name="board"),
    path("supervision/monthly/", supervision_pages.monthly, name="monthly"),
    path("supervision/portraits/", supervision_pages.portraits, name="portraits"),
    path("supervision/workload/", supervision_pages.workload, name="workload"),
    path("audit/", audit_search.audit_log, name="audit"),
    path("audit/verify/", audit_search.verify_log, name="verify"),
    path("status/", supervision_pages.status, name="status"),
    path("admin/", admin.site.urls),
]
