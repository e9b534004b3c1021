"""A package like the vendor's samples: the event, the class and triggers that tell whole records.

The fields and the objects are those of the vendor's published preparation guide; the Apex is ours and never run. The
simulated org's own tests use it, so that they do not lean on the package that the connector generates.
"""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

from salesbridge.sandbox.salesforce.demo import demo_org
from salesbridge.sandbox.salesforce.metadata import DEPLOY_PREFIX
from salesbridge.sandbox.salesforce.metadata_deploy import Deploy
from salesbridge.sandbox.salesforce.metadata_deployment import Deployment, deploy_options
from salesbridge.sandbox.salesforce.metadata_store import metadata_store
from salesbridge.sandbox.salesforce.trigger_apex import CALLOUT
from salesbridge.sandbox.salesforce.trigger_payload import PAYLOAD_LIMIT
from salesbridge.sandbox.salesforce.triggers import EVENT

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from salesbridge.sandbox.salesforce.demo import Demo
    from salesbridge.sandbox.salesforce.org import Org

OBJECTS = ("Account", "Contact", "AccountContactRelation", "Order", "OrderItem")
LISTENED = ("after insert", "after update", "after delete", "after undelete")
_ALIKE = {"AccountContactRelation": LISTENED[:3], "OrderItem": LISTENED[:3]}
_XMLNS = 'xmlns="http://soap.sforce.com/2006/04/metadata"'
_VERSION = "66.0"
_HANDLER = "TriggerHandler"


def event_package(objects: Iterable[str] = OBJECTS, *, active: bool = True) -> bytes:
    """The zip file of a deployment of the event, the classes and a trigger for each object.

    Args:
        objects: The objects to put a trigger on.
        active: Whether the triggers are active.
    """
    status = "Active" if active else "Inactive"
    files = {f"objects/{EVENT}.object": _event()}
    for name, body in ((CALLOUT, _CALLOUT_BODY), (_HANDLER, _HANDLER_BODY)):
        files[f"classes/{name}.cls"] = body
        files[f"classes/{name}.cls-meta.xml"] = _meta("ApexClass", "Active")
    names = {name: f"{name}Trigger" for name in objects}
    for sobject, name in names.items():
        files[f"triggers/{name}.trigger"] = _trigger(name, sobject)
        files[f"triggers/{name}.trigger-meta.xml"] = _meta("ApexTrigger", status)
    members = {"CustomObject": [EVENT], "ApexClass": [CALLOUT, _HANDLER], "ApexTrigger": list(names.values())}
    return _zip({**files, "package.xml": _manifest(members)})


def install_events(org: Org, objects: Iterable[str] = OBJECTS, *, active: bool = True) -> None:
    """Deploy :func:`event_package` to an org, in this thread.

    Raises:
        RuntimeError: The org refuses the package.
    """
    store = metadata_store(org)
    options = deploy_options({"singlePackage": True, "rollbackOnError": True}, production=False)
    data = event_package(objects, active=active)
    user = next(iter(org.directory.users), "")
    deployment = Deployment(org.new_id(DEPLOY_PREFIX), options, data, user, "Sandbox", org.clock())
    store.deployments[deployment.id] = deployment
    Deploy(org, store, deployment)()
    if deployment.status != "Succeeded":
        problems = "; ".join(str(each.problem) for each in deployment.failures)
        raise RuntimeError(f"The org refused the events package: {problems}")


def telling_org(path: Path | None = None) -> Demo:
    """A ready-made org to which the package was deployed."""
    demo = demo_org(path)
    install_events(demo.org)
    return demo


def _event() -> str:
    texts = [_field(name, "Text", 64) for name in ("Operation_Type", "Object_Type")]
    long = [_field(name, "LongTextArea", PAYLOAD_LIMIT) for name in ("Old_Payload", "New_Payload")]
    head = "<deploymentStatus>Deployed</deploymentStatus><eventType>HighVolume</eventType>"
    label = "<label>Gentrack Object Event</label><pluralLabel>Gentrack Object Events</pluralLabel>"
    behavior = "<publishBehavior>PublishImmediately</publishBehavior>"
    return f"<CustomObject {_XMLNS}>{head}{''.join(texts + long)}{label}{behavior}</CustomObject>"


def _field(name: str, kind: str, length: int) -> str:
    label = name.replace("_", " ")
    lines = "<visibleLines>3</visibleLines>" if kind == "LongTextArea" else ""
    return (
        f"<fields><fullName>{name}__c</fullName><label>{label}</label>"
        f"<length>{length}</length><type>{kind}</type>{lines}</fields>"
    )


def _meta(kind: str, status: str) -> str:
    return f"<{kind} {_XMLNS}><apiVersion>{_VERSION}</apiVersion><status>{status}</status></{kind}>"


def _trigger(name: str, sobject: str) -> str:
    events = ", ".join(_ALIKE.get(sobject, LISTENED))
    return f"trigger {name} on {sobject} ({events}) {{\n    {_HANDLER}.run();\n}}\n"


def _manifest(members: dict[str, list[str]]) -> str:
    types = "".join(
        f"<types>{''.join(f'<members>{name}</members>' for name in names)}<name>{kind}</name></types>"
        for kind, names in members.items()
        if names
    )
    return f"<Package {_XMLNS}>{types}<version>{_VERSION}</version></Package>"


def _zip(files: dict[str, str]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return target.getvalue()


_CALLOUT_BODY = f"""public class {CALLOUT} {{
    public static void send({EVENT} event) {{
        EventBus.publish(event);
    }}
}}
"""
_HANDLER_BODY = f"""public class {_HANDLER} {{
    public static void run() {{
        {CALLOUT}.send(new {EVENT}());
    }}
}}
"""
