"""``pyteleport demo``: the main job, on this machine alone, with a host that exists only as long as it runs."""
