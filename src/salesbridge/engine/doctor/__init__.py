"""Validate Data Model and *Fix it*: what an org, the billing system and this machine need to work together."""

from salesbridge.engine.doctor.mend import Fixed as Fixed
from salesbridge.engine.doctor.mend import Plan as Plan
from salesbridge.engine.doctor.mend import fix as fix
from salesbridge.engine.doctor.mend import plan as plan
from salesbridge.engine.doctor.validate import Report as Report
from salesbridge.engine.doctor.validate import validate as validate
