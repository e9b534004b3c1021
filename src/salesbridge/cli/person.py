"""``salesbridge person``: the first administrator, and people who lost their way in."""
# ruff: noqa: PLC0415 - the portal's models are loaded by these commands only

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from salesbridge import store
from salesbridge.cli import show
from salesbridge.store import audit
from salesbridge.store.door import Door
from salesbridge.store.models import Organisation

if TYPE_CHECKING:
    from salesbridge.portal.models import Membership, User

app = typer.Typer(no_args_is_help=True, help="People who use the portal.")


@app.command("add")
def add(
    email: Annotated[str, typer.Argument(help="Address the person will sign in with.")],
    organisation: Annotated[str, typer.Option(help="Name of the organisation.")] = "Default",
    role: Annotated[str, typer.Option(help="viewer, operator or administrator")] = "administrator",
    *,
    new: Annotated[bool, typer.Option("--new-organisation", help="Make the organisation.")] = False,
    as_json: show.Json = False,
) -> None:
    """Invite a person to an organisation; the link is printed once and stands for seven days."""
    from salesbridge.portal import people
    from salesbridge.portal.roles import Role

    if role not in Role.values:
        show.stop(f"{role!r} is no role.", f"Use {', '.join(Role.values)}.", show.Exit.USAGE)
    store.setup()
    with show.clear_errors():
        where = _organisation(organisation, new=new)
        try:
            made, link = people.invite(where, email, Role(role), by=getpass.getuser())
        except people.PeopleError as error:
            show.stop(show.plain(str(error)), code=show.Exit.USAGE)
    if as_json:
        show.as_json({"email": made.email, "organisation": where.name, "role": role, "link": link})
    else:
        show.out.print(f"{made.email} joins {where.name} as {role} by opening this link within seven days:")
        show.out.print(show.plain(link), soft_wrap=True)


def _organisation(name: str, *, new: bool) -> Organisation:
    rows = Door.operator(reason="find an organisation by its name").organisations
    found = rows.filter(name=name).first()
    if found is None and new:
        found = rows.create(name=name)
        audit.write(found, getpass.getuser(), "organisation:added", name)
    if found is None:
        known = ", ".join(rows.order_by("name").values_list("name", flat=True))
        show.stop(
            f"There is no organisation {name!r}.", f"Add --new-organisation, or name one of: {known}.", show.Exit.USAGE
        )
    return found


@app.command("list")
def list_people(*, as_json: show.Json = False) -> None:
    """List the people, their roles and when they signed in last."""
    from salesbridge.portal.models import Membership

    store.setup()
    with show.clear_errors():
        rows = Membership.objects.select_related("user", "organisation", "tenant")
        found = list(rows.order_by("user__email", "organisation__name", "tenant__name"))
    if as_json:
        show.as_json([_as_dict(row) for row in found])
        return
    columns = {"Person": "left", "Organisation": "left", "Tenant": "left", "Role": "left", "Last signed in": "left"}
    listed = [(*list(_as_dict(row).values())[:4], show.moment(row.user.last_login)) for row in found]
    show.table(columns, [(who, where, tenant or "all", role, last) for who, where, tenant, role, last in listed])


def _as_dict(row: Membership) -> dict[str, Any]:
    tenant = row.tenant.name if row.tenant else None
    where = {"organisation": row.organisation.name, "tenant": tenant}
    return {"email": row.user.email, **where, "role": row.role, "last_login": row.user.last_login}


@app.command("reset")
def reset(
    email: Annotated[str, typer.Argument(help="Address of the person.")],
    *,
    second_factor: Annotated[
        bool, typer.Option("--second-factor", help="Take their second factors away, too.")
    ] = False,
    as_json: show.Json = False,
) -> None:
    """Print a link by which a person sets a new password, once within the hour."""
    store.setup()
    with show.clear_errors():
        person = _person(email)
        if second_factor:
            from allauth.mfa.models import Authenticator

            Authenticator.objects.filter(user=person).delete()
        link = _reset_link(person)
        for organisation_id in sorted(set(person.memberships.values_list("organisation_id", flat=True))):
            detail = {"second_factor": second_factor}
            audit.write(organisation_id, getpass.getuser(), "person:reset", person.email, detail)
    if as_json:
        show.as_json({"email": person.email, "link": link})
    else:
        show.out.print(f"{person.email} sets a new password by opening this link within the hour:")
        show.out.print(show.plain(link), soft_wrap=True)


def _person(email: str) -> User:
    from salesbridge.portal.models import User

    found = User.objects.filter(email__iexact=email).first()
    if found is None:
        show.stop(f"There is nobody with the address {email!r}.", "See: salesbridge person list", show.Exit.USAGE)
    return found


def _reset_link(person: User) -> str:
    from allauth.account.forms import default_token_generator
    from allauth.account.utils import user_pk_to_url_str
    from django.urls import reverse

    from salesbridge.settings import settings

    key = {"uidb36": user_pk_to_url_str(person), "key": default_token_generator.make_token(person)}
    return settings().public_url.rstrip("/") + reverse("account_reset_password_from_key", kwargs=key)
