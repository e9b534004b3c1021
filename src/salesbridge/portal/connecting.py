"""The form with which an instance is set up, or given other credentials; what was entered wrongly is told at its field.

Secrets are taken and never shown again: neither the page that refuses them nor any other carries them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from zoneinfo import available_timezones

from django import forms
from pydantic import SecretStr

from salesbridge.billing import BillingError
from salesbridge.engine.instances import BillingSystem, Credentials
from salesbridge.salesforce import ClientCredentials, JwtBearer, PasswordToken, SalesforceError
from salesbridge.store.models import Instance, Organisation, Tenant

#: In place of a tenant's id: connect a new billing system.
NEW = "new"
_KEY_WHERE = "Setup > External Client App Manager > the app > Settings > OAuth > Consumer Key and Secret."


class SecretText(forms.Textarea):
    """Several lines that are taken and never shown again."""

    def format_value(self, value: Any) -> None:  # noqa: ARG002 - Django's signature
        """Nothing, whatever was sent."""
        return


def secret(label: str, help_text: str = "", *, needed: bool = True) -> forms.CharField:
    """A field for a secret of one line, which browsers are asked not to fill in."""
    widget = forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password", "spellcheck": "false"})
    return forms.CharField(label=label, required=needed, strip=False, widget=widget, help_text=help_text)


def _plain(label: str, help_text: str = "", limit: int = 500, **attrs: str) -> forms.CharField:
    widget = forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", **attrs})
    return forms.CharField(label=label, max_length=limit, widget=widget, help_text=help_text)


class CredentialsForm(forms.Form):
    """What the connector signs in to Salesforce with, in one of three ways."""

    use_required_attribute = False  # fields of the ways that were not chosen stay empty

    name = _plain("Name", "What people call the instance, for example Retail sales.", 200)
    auth = forms.ChoiceField(
        label="How the connector signs in",
        choices=[
            (Instance.Auth.CLIENT_CREDENTIALS, "Client credentials"),
            (Instance.Auth.JWT, "JWT bearer"),
            (Instance.Auth.PASSWORD, "Legacy: username and password"),
        ],
        initial=Instance.Auth.CLIENT_CREDENTIALS,
        widget=forms.RadioSelect,
    )
    login_url = _plain(
        "Login URL",
        "The org's My Domain address, such as https://example.my.salesforce.com (Setup > My Domain).",
        inputmode="url",
    )
    consumer_key = _plain("Consumer Key", _KEY_WHERE)
    consumer_secret = secret("Consumer Secret", "It is beside the key; click there to reveal it.")
    username = _plain("Username", "User name of the service account.", 200)
    password = secret("Password", "Password of the service account.")
    security_token = secret("Security Token", "Security token generated for the service account.", needed=False)
    private_key = forms.CharField(
        label="Private key",
        widget=SecretText(attrs={"rows": 4, "autocomplete": "off", "spellcheck": "false"}),
        help_text="PEM text, beginning with BEGIN PRIVATE KEY, whose certificate was uploaded to the app.",
    )  # fmt: skip
    elsewhere = forms.BooleanField(
        label="Save them although they lead to another org: the sandbox was refreshed", required=False
    )

    #: Fields of each way to sign in, in the order in which they are entered.
    WAYS: Mapping[str, tuple[str, ...]] = {
        Instance.Auth.CLIENT_CREDENTIALS: ("consumer_key", "consumer_secret"),
        Instance.Auth.JWT: ("username", "consumer_key", "private_key"),
        Instance.Auth.PASSWORD: ("username", "password", "security_token", "consumer_key", "consumer_secret"),
    }

    def chosen(self) -> Collection[str]:
        """Names of the fields that belong to what was chosen."""
        return ("name", "auth", "login_url", *self.WAYS.get(self.data.get(self.add_prefix("auth"), ""), ()))

    def full_clean(self) -> None:
        """Look only at fields that belong to what was chosen; the others may be empty."""
        chosen, kept = self.chosen(), {name: field.required for name, field in self.fields.items()}
        for name, field in self.fields.items():
            field.required = kept[name] and name in chosen
            field.error_messages["required"] = f"Enter the {field.label}."
        super().full_clean()
        for name, field in self.fields.items():
            field.required = kept[name]

    def credentials(self) -> Credentials:
        """What was entered, as credentials."""
        said = self.cleaned_data
        url, key = said["login_url"].strip(), said["consumer_key"].strip()
        if said["auth"] == Instance.Auth.JWT:
            return JwtBearer(url, said["username"].strip(), key, SecretStr(said["private_key"]))
        hidden = SecretStr(said["consumer_secret"].strip())
        if said["auth"] == Instance.Auth.CLIENT_CREDENTIALS:
            return ClientCredentials(url, key, hidden)
        word, token = SecretStr(said["password"]), SecretStr(said["security_token"].strip())
        return PasswordToken(url, said["username"].strip(), word, token, key, hidden)

    def refused(self, error: SalesforceError) -> None:
        """Tell at the right field what Salesforce did not accept."""
        for name in _BLAMED.get(error.code, ()):
            if name in self.WAYS[self.cleaned_data["auth"]] or name == "login_url":
                self.add_error(name, error.message)
                return
        self.add_error(None, error.message)


#: Error code -> fields that it speaks of; the first one that is on the form is marked.
_BLAMED: Mapping[str, tuple[str, ...]] = {
    "INVALID_LOGIN_URL": ("login_url",),
    "NOT_SALESFORCE": ("login_url",),
    "invalid_client_id": ("consumer_key",),
    "invalid_client": ("consumer_secret", "private_key"),
    "invalid_grant": ("password", "private_key"),
    "INVALID_PRIVATE_KEY": ("private_key",),
}


class SetupForm(CredentialsForm):
    """Setup new instance: the tenant, connected already or with this form, and the credentials."""

    tenant = forms.ChoiceField(label="Tenant", help_text="The billing system that this instance connects.")
    tenant_name = _plain("Tenant name", "What people call this billing system, for example Kowhai Junifer.", 200)
    product = forms.ChoiceField(
        label="Product", choices=Tenant.Product.choices, widget=forms.RadioSelect, initial="junifer"
    )
    base_url = _plain("API URL", "For example https://billing.example.com/rest/v1", inputmode="url")
    api_user = _plain("API user", "User of the API key. Only Junifer needs it.", 200)
    api_key = secret("API key")
    zone = forms.CharField(
        label="Time zone", required=False, initial="UTC", max_length=64,
        widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off"}),
        help_text="In which the billing system means times without an offset, for example Pacific/Auckland.",
    )  # fmt: skip

    def __init__(self, tenants: Iterable[Tenant], *args: Any, may_add: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tenants = {str(tenant.pk): tenant for tenant in tenants}
        known = [(key, f"{each.name} ({each.get_product_display()})") for key, each in self.tenants.items()]
        added = [(NEW, "Connect a new billing system")] if may_add else []
        self.fields["tenant"].choices = known + added  # type: ignore[attr-defined]
        self.initial.setdefault("tenant", known[0][0] if len(known) == 1 else NEW if not known else "")
        if len(known) > 1:
            self.fields["tenant"].choices = [("", "Choose a tenant"), *known, *added]  # type: ignore[attr-defined]

    def chosen(self) -> Collection[str]:
        """The tenant; a new billing system has its own fields too."""
        added = ("tenant_name", "product", "base_url", "api_key") if self.data.get("tenant") == NEW else ()
        user = ("api_user",) if added and self.data.get("product") == Tenant.Product.JUNIFER else ()
        return (*super().chosen(), "tenant", *added, *user)

    @property
    def adds_tenant(self) -> bool:
        """Whether a new billing system was entered."""
        return bool(self.cleaned_data["tenant"] == NEW)

    def billing_system(self, organisation: Organisation) -> BillingSystem:
        """The new billing system that was entered."""
        said = self.cleaned_data
        return BillingSystem(
            said["tenant_name"].strip(), said["product"], said["base_url"].strip(), SecretStr(said["api_key"].strip()),
            said["api_user"].strip(), said["zone"].strip() or "UTC", organisation=organisation,
        )  # fmt: skip

    def billing_refused(self, error: BillingError) -> None:
        """Tell at the right field what the billing system did not accept."""
        name = {"INVALID_BASE_URL": "base_url"}.get(error.code) or (
            "api_key" if error.kind == "authentication" else "base_url"
        )
        self.add_error(name, error.message)


def zones() -> list[str]:
    """Names of time zones to choose from."""
    return sorted(name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "posix/")))
