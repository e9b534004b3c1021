"""Addresses of pages that a person opens in Salesforce."""

from __future__ import annotations

from urllib.parse import quote


def job_link(instance_url: str, job_id: str) -> str:
    """Gives the page of a bulk job; its reader needs *View Setup* or *Manage Data Integrations*, within seven days."""
    return f"{instance_url}/lightning/setup/AsyncApiJobStatus/page?address=%2F{_segment(job_id)}"


def jobs_link(instance_url: str) -> str:
    """Gives the list of all bulk jobs."""
    return f"{instance_url}/lightning/setup/AsyncApiJobStatus/home"


def deploy_link(instance_url: str, deploy_id: str) -> str:
    """Gives the page of a deployment."""
    page = f"%2FchangemgmtHistory%2FmonitorDeploymentsDetails.apexp%3FasyncId%3D{_segment(deploy_id)}"
    return f"{instance_url}/lightning/setup/DeployStatus/page?address={page}"


def file_link(instance_url: str, content_document_id: str) -> str:
    """Gives the page of a stored file."""
    return record_link(instance_url, "ContentDocument", content_document_id)


def record_link(instance_url: str, sobject: str, record_id: str) -> str:
    """Gives the page of a record."""
    return f"{instance_url}/lightning/r/{_segment(sobject)}/{_segment(record_id)}/view"


def _segment(text: str) -> str:
    return quote(text, safe="")
