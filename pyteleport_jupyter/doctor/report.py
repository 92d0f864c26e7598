"""Findings as lines that people read."""

from __future__ import annotations

from collections.abc import Sequence

from pyteleport_jupyter.doctor.examination import Finding

TICK, CROSS, NOTE = "✓", "✗", "!"


def report(host: str, findings: Sequence[Finding]) -> str:
    """A line for each finding, and a last one that says what follows."""
    lines = [line for finding in findings for line in _lines(finding)]
    wrong = [finding.name for finding in findings if finding.holds is False]
    last = f"{host}: sessions can go there" if not wrong else f"{host}: not yet ({', '.join(wrong)})"
    return "\n".join([*lines, last])


def _lines(finding: Finding) -> list[str]:
    mark = {True: TICK, False: CROSS, None: NOTE}[finding.holds]
    remedy = [] if not finding.remedy else [f"    {finding.remedy}"]
    return [f"{mark} {finding.name}: {finding.text}", *remedy]
