"""Keeps a Gentrack billing system and Salesforce Sales Cloud in step."""
