"""What has to hold for a session to live on a host, each with a tick or with the reason and the remedy."""

from __future__ import annotations

from pyteleport_jupyter.doctor.examination import Finding, examine_host
from pyteleport_jupyter.doctor.report import report

__all__ = ["Finding", "examine_host", "report"]
