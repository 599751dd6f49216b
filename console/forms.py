"""What people may fill in."""

from decimal import Decimal
from typing import Any

from django import forms

from console.models import Inspection, State, User
from console.words import language
from reports.languages import text_in
from reports.scheme_texts import NOT_DECIDED, SCHEMES, scheme_name
from reports.subject_words import VERDICTS

_MOST = Decimal("999999999999.99")


class VersionForm(forms.Form):
    """Says which version of an inspection somebody saw."""

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)


class AssignForm(VersionForm):
    """To whom an inspection is given."""

    to = forms.ModelChoiceField(User.objects.none(), empty_label="—")

    def __init__(self, *args: Any, inspection: Inspection, **more: Any):
        super().__init__(*args, **more)
        able = [user.pk for user in User.objects.filter(is_active=True) if _able(user, inspection)]
        self.fields["to"].queryset = User.objects.filter(pk__in=able).order_by("username")  # type: ignore[attr-defined]


def _able(user: User, inspection: Inspection) -> bool:
    return user.may("work") and user.sees(inspection.area)


class CommentForm(forms.Form):
    """What somebody says."""

    text = forms.CharField(max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))


class ReturnForm(VersionForm):
    """Why a proposed verdict is sent back."""

    text = forms.CharField(max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))


class AttachForm(forms.Form):
    """A file."""

    file = forms.FileField()


class AmountForm(VersionForm):
    """What was recovered."""

    amount_recovered = forms.DecimalField(min_value=Decimal(0), max_value=_MOST, decimal_places=2)


class VerdictForm(VersionForm):
    """A verdict, with what was found and recovered."""

    state = forms.ChoiceField()
    scheme = forms.ChoiceField(required=False)
    amount_found = forms.DecimalField(required=False, min_value=Decimal(0), max_value=_MOST, decimal_places=2)
    amount_recovered = forms.DecimalField(
        required=False, min_value=Decimal(0), max_value=_MOST, decimal_places=2
    )
    reason = forms.CharField(required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, **more: Any):
        super().__init__(*args, **more)
        chosen = language()
        outcomes = [(state, text_in(chosen, VERDICTS[state])) for state in ("2", "4", "3")]
        self.fields["state"].choices = [("", "—"), *outcomes]  # type: ignore[attr-defined]
        schemes = [(code, scheme_name(code, chosen)) for code in SCHEMES]
        self.fields["scheme"].choices = [("", text_in(chosen, NOT_DECIDED)), *schemes]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """An amount where something is confirmed, a reason and no amount where it is cleared."""
        found = super().clean() or {}
        cleared = found.get("state") == State.CLEARED
        if cleared and not found.get("reason"):
            self.add_error("reason", self.fields["reason"].error_messages["required"])
        if cleared and (found.get("amount_found") or found.get("amount_recovered")):
            self.add_error("amount_found", "0")
        if cleared:
            found["amount_found"] = found["amount_recovered"] = None
        elif "amount_found" in found and found["amount_found"] is None:
            self.add_error("amount_found", self.fields["amount_found"].error_messages["required"])
        return found


class AuditForm(forms.Form):
    """What somebody looks for in the audit log."""

    username = forms.CharField(required=False, max_length=150)
    action = forms.ChoiceField(required=False)
    subject_id = forms.CharField(required=False, max_length=200)
    begin = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))
    end = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, actions: list[tuple[str, str]], **more: Any):
        super().__init__(*args, **more)
        self.fields["action"].choices = [("", "—"), *actions]  # type: ignore[attr-defined]
