"""Events of billing surfaced in Salesforce: kept as they are heard, then published as platform events."""
