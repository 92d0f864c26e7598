"""``pyteleport demo``: the main job, on this machine alone, with a host that lives as long as it runs."""
