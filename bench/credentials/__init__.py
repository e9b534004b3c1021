"""Rotating a named credential while Salesforce calls billing through it."""
