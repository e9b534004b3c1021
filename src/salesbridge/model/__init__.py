"""The data model: what is kept in step, said once.

From :data:`TABLE` follow the org's validation, the Salesforce package, the transforms both ways, select lists, CSV
headers, the load order and the documentation.
"""

from salesbridge.model.check import check as check
from salesbridge.model.check_facts import Expected as Expected
from salesbridge.model.check_facts import OrgFacts as OrgFacts
from salesbridge.model.check_finding import Finding as Finding
from salesbridge.model.check_finding import Fix as Fix
from salesbridge.model.columns import Column as Column
from salesbridge.model.columns import columns as columns
from salesbridge.model.columns import header as header
from salesbridge.model.columns import select_list as select_list
from salesbridge.model.entity import EXTERNAL_ID as EXTERNAL_ID
from salesbridge.model.entity import Entity as Entity
from salesbridge.model.entity import Fact as Fact
from salesbridge.model.entity import Field as Field
from salesbridge.model.entity import Parent as Parent
from salesbridge.model.entity import Phase as Phase
from salesbridge.model.entity import Table as Table
from salesbridge.model.kinds import BillingForm as BillingForm
from salesbridge.model.kinds import Side as Side
from salesbridge.model.kinds.settings import OverrideError as OverrideError
from salesbridge.model.order import CyclicTableError as CyclicTableError
from salesbridge.model.order import load_order as load_order
from salesbridge.model.order import named_parents as named_parents
from salesbridge.model.overrides import merge as merge
from salesbridge.model.refusal import RecordRefusedError as RecordRefusedError
from salesbridge.model.table import TABLE as TABLE
from salesbridge.model.transform import CsvRow as CsvRow
from salesbridge.model.transform import Row as Row
from salesbridge.model.transform import Transform as Transform
from salesbridge.model.wire import cells as cells
from salesbridge.model.wire import from_json as from_json
from salesbridge.model.wire import from_member as from_member
from salesbridge.model.wire import to_json as to_json
from salesbridge.model.wire import values_of_cells as values_of_cells
