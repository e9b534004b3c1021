"""Kinds of values, with a codec for each side."""

from salesbridge.model.kinds.core import CLEAR as CLEAR
from salesbridge.model.kinds.core import BillingForm as BillingForm
from salesbridge.model.kinds.core import Kind as Kind
from salesbridge.model.kinds.core import RefusedError as RefusedError
from salesbridge.model.kinds.core import SalesforceType as SalesforceType
from salesbridge.model.kinds.core import Side as Side
from salesbridge.model.kinds.core import cell_of as cell_of
from salesbridge.model.kinds.core import settle as settle
from salesbridge.model.kinds.core import value_of as value_of
from salesbridge.model.kinds.scalar import Boolean as Boolean
from salesbridge.model.kinds.scalar import Date as Date
from salesbridge.model.kinds.scalar import DateTime as DateTime
from salesbridge.model.kinds.scalar import Number as Number
from salesbridge.model.kinds.scalar import money as money
from salesbridge.model.kinds.text import MultiPicklist as MultiPicklist
from salesbridge.model.kinds.text import Phone as Phone
from salesbridge.model.kinds.text import Picklist as Picklist
from salesbridge.model.kinds.text import Text as Text
from salesbridge.model.kinds.text import email as email
from salesbridge.model.kinds.text import url as url
