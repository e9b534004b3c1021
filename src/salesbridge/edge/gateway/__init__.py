"""The gateway: calls of Salesforce applications, checked and passed on to the tenant's billing system."""
