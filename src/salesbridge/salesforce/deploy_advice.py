"""What a person does about a component that cannot be deployed, by what Salesforce says of it.

Salesforce has no codes for these, so that its sentences are matched. The sentences are those of the Metadata API in
English, the language in which it answers whatever the user's.
"""

from __future__ import annotations

import re
from typing import Final

_QUOTES: Final = (
    "Switch quotes on (Setup > Quote Settings), or leave them out: --leave-out Quote --leave-out QuoteLineItem."
)
_RELATIONS: Final = (
    "Let contacts belong to several accounts: Setup > Account Settings > Allow users to relate a contact to multiple "
    "accounts."
)
_ORDERS: Final = "Switch orders on: Setup > Order Settings > Enable Orders."
_DEFECT: Final = "Report this with the message: the package should not hold it."
_AGAIN: Final = "Deploy the whole package, so that what this leans on comes along."

_RULE: Final = (
    "A validation rule, required field or duplicate rule of your org refuses the test's plain records. Change it so "
    "that it lets such records pass, or switch it off while you deploy."
)
_TEST: Final = (
    "Run the test in a sandbox org (Setup > Apex Test Execution) and look at its log: often other automation of the "
    "org is what fails."
)

#: Type (empty: any), what the problem says, and what to do. The first that fits counts.
_ADVICE: Final = tuple(
    (kind, re.compile(problem, re.IGNORECASE), mend)
    for kind, problem, mend in (
        ("", r"no CustomObject named Quote(LineItem)? found", _QUOTES),
        ("", r"no CustomObject named AccountContactRelation found", _RELATIONS),
        ("", r"no CustomObject named Order(Item)? found", _ORDERS),
        ("", r"Invalid type: (Schema\.)?Quote", _QUOTES),
        ("", r"Invalid type: (Schema\.)?AccountContactRelation", _RELATIONS),
        ("", r"Invalid type: (Schema\.)?Order", _ORDERS),
        ("", r"no User named", "Name a user of this org as the service account: --run-as, or leave it out."),
        (
            "",
            r"maximum number of (external ID|unique) fields|external id.*limit",
            "Remove an external id that nobody uses any more, or ask Salesforce Support for a higher limit.",
        ),
        (
            "",
            r"(maximum|limit).*custom fields|custom field limit",
            "Delete custom fields that nobody uses any more (Setup > Object Manager > the object, Deleted Fields too).",
        ),
        (
            "CustomField",
            r"Cannot (update|change).*field|from something else",
            "The org has a field of this name and another type: rename or delete that one, once its data is saved.",
        ),
        (
            "",
            r"schedulable class has jobs pending|: Scheduled Jobs?",
            "Delete the scheduled job first (Setup > Scheduled Jobs), deploy, then schedule it again.",
        ),
        (
            "",
            r"referenced elsewhere|is referenced in|in use",
            "Remove what the message names, or the reference in it; then try again.",
        ),
        (
            "",
            r"assigned to (a |\d+ )?users?|PermissionSetAssignment",
            "Take the permission set away from its users first (Setup > Permission Sets > Manage Assignments).",
        ),
        (
            "",
            r"Unknown user permission",
            "The org's edition or licence lacks this permission; the connector needs Sales Cloud Enterprise or higher.",
        ),
        (
            "ConnectedApp",
            r"not (allowed|available|enabled|permitted)|insufficient|can't create",
            "Connected Apps may no longer be made in this org: use --application external-client-app.",
        ),
        (
            "",
            r"depends on permission\(s\)|cannot deploy to a required field",
            _DEFECT,
        ),
        ("", r"no \w+ named .* found|does not exist|Dependent class is invalid", _AGAIN),
        (
            "CodeCoverage",
            r"",
            "Run the package's own tests (--run-tests); Salesforce wants 75 % of the lines covered in production.",
        ),
        (
            "ApexTest",
            r"FIELD_CUSTOM_VALIDATION_EXCEPTION|REQUIRED_FIELD_MISSING|DUPLICATES_DETECTED",
            _RULE,
        ),
        (
            "ApexTest",
            r"",
            _TEST,
        ),
    )
)


def advice(kind: str, problem: str) -> str:
    """What to do about a problem; empty where nothing better is known than the problem itself.

    Args:
        kind: Metadata type of the component, ``ApexTest`` or ``CodeCoverage``.
        problem: What Salesforce says.
    """
    found = (mend for wanted, pattern, mend in _ADVICE if wanted in {"", kind} and pattern.search(problem))
    return next(found, "")
