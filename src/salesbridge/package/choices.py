"""What of the package a customer wants installed."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

#: The objects whose triggers tell the connector, in the order in which people read them.
TRIGGERED = ("Account", "Contact", "AccountContactRelation", "Quote", "Order", "OrderItem")


@dataclass(frozen=True, slots=True)
class Application:
    """The app by which the connector signs in (client credentials).

    Args:
        contact_email: Whom Salesforce writes to about the app.
        run_as: Username of the service account that the app acts for; without it an administrator chooses the user in
            Setup, and until then nobody can sign in.
    """

    contact_email: str
    run_as: str = ""

    def __post_init__(self) -> None:
        """Refuse what Salesforce would refuse.

        Raises:
            ValueError: There is no e-mail address.
        """
        if "@" not in self.contact_email:
            raise ValueError(f"{self.contact_email!r} is not an e-mail address; an app needs one to be contacted at")


@dataclass(frozen=True, slots=True)
class Callout:
    """Where Apex reaches the billing system's APIs; the credentials themselves are never part of a package.

    Args:
        url: Address of the gateway.
        token_url: Address of its token endpoint.
    """

    url: str
    token_url: str

    def __post_init__(self) -> None:
        """Refuse addresses that no named credential may have.

        Raises:
            ValueError: An address is not an https address.
        """
        for url in (self.url, self.token_url):
            if urlsplit(url).scheme != "https" or not urlsplit(url).netloc:
                raise ValueError(f"{url!r} is not an https address, which a named credential needs")


@dataclass(frozen=True, slots=True)
class Choices:
    """What is rendered; the default is what the ongoing synchronisation needs.

    Args:
        live: The platform event, Apex, triggers, bypass and the log of failed publishes. Without it, only what a load
            needs: custom fields and the permission set.
        initial_only: Only the objects of the initial data synchronisation; has no triggers, since orders have some.
        leave_out: Objects of the model that the org lacks, for example ``Quote`` and ``QuoteLineItem``.
        prefix: Put before ``TriggerHandler`` and the names of the triggers, for an org that has Apex of these names
            already: a deployment would replace it.
        triggers_active: Whether the triggers are deployed switched on.
        list_views: A list of the linked records for each main object.
        layouts: A page layout of its own for each main object, assigned to nobody.
        application: The External Client App.
        connected_app: The Connected App instead, for orgs that may still make one.
        callout: A named credential, empty of secrets.
    """

    live: bool = True
    initial_only: bool = False
    leave_out: frozenset[str] = frozenset()
    prefix: str = ""
    triggers_active: bool = True
    list_views: bool = False
    layouts: bool = False
    application: Application | None = None
    connected_app: Application | None = None
    callout: Callout | None = None

    def __post_init__(self) -> None:
        """Refuse choices that no org could take.

        Raises:
            ValueError: The prefix is no Apex name, or makes names that are too long.
        """
        if self.prefix and not (self.prefix.isascii() and self.prefix.isalnum() and self.prefix[0].isalpha()):
            raise ValueError(f"The prefix {self.prefix!r} must be letters and digits, a letter first")
        if len(self.prefix) + len("AccountContactRelationTrigger") > _NAME_LIMIT:
            raise ValueError(f"The prefix {self.prefix!r} makes trigger names longer than {_NAME_LIMIT} characters")

    @property
    def triggered(self) -> tuple[str, ...]:
        """The objects that get a trigger."""
        if not self.live or self.initial_only:
            return ()
        return tuple(name for name in TRIGGERED if name not in self.leave_out)


_NAME_LIMIT = 40
ONGOING = Choices()
"""What the ongoing synchronisation needs."""
