"""What each host of the lab is like. Nothing here does anything: it is the table to look names up in."""

from __future__ import annotations

from dataclasses import dataclass

PASSWORD = "correct horse"
"""The password of every user of the lab. Keys are what the aliases use, unless they end in ``-password``."""

PASSWORD_HASH = (
    "$6$teleportlab$GIje5ugqIWbGdc/ecoEHjZf7itViKSENazTk7F5BU7gtoin4.8lOW/JvppbQrAvSrA4EYx7siCGJ4qzyTKOlr0"
)
"""crypt(3) of :data:`PASSWORD`, for /etc/shadow."""

NOISE = 'echo "Welcome to the cluster!"; echo "quota: 3% used"; printf "\\001\\002\\r\\n"\n'
"""What careless start-up files print, on both streams and with control characters."""


@dataclass(frozen=True)
class HostSpecification:
    """One host, before it exists."""

    name: str
    """ssh alias and hostname."""
    user: str
    uid: int
    shell: str = "bash"
    """Login shell, a command name."""
    python: str | None = "same"
    """``same`` minor as pytest's, ``other`` minor (no packages), or None: no Python at all."""
    without: frozenset[str] = frozenset()
    """Distributions of the test environment that are missing here."""
    has_us: bool = False
    """Whether our own package is installed (from the checkout)."""
    sshd_options: tuple[str, ...] = ()
    """More lines for sshd_config."""
    noisy: bool = False
    """Start-up files of the login shell print rubbish."""
    runtime_directory: bool = True
    """Whether logins get XDG_RUNTIME_DIR (as pam_systemd does) or not (as on many clusters)."""
    disk_megabytes: int = 512
    """Size of the disk that holds /home, /run/user and /tmp (each)."""


NOTEBOOK = HostSpecification("workbench", "alice", 5001, has_us=True, runtime_directory=False)
"""Host A: where the notebook starts."""

TARGET = HostSpecification("cartesius", "bob", 5002)
"""Host B: where it goes."""

SPECIFICATIONS = {
    spec.name: spec
    for spec in (
        NOTEBOOK,
        TARGET,
        HostSpecification("huygens", "carol", 5003, runtime_directory=False),
        HostSpecification("csh", "bob", 5004, shell="csh"),
        HostSpecification("fish", "bob", 5005, shell="fish"),
        HostSpecification("zsh", "bob", 5006, shell="zsh"),
        HostSpecification("noisy", "bob", 5007, noisy=True),
        HostSpecification("noisy-csh", "bob", 5008, shell="csh", noisy=True),
        HostSpecification(
            "strict",
            "bob",
            5009,
            sshd_options=("AllowTcpForwarding no", "DisableForwarding yes", "PermitTTY no"),
        ),
        HostSpecification("banner", "bob", 5010, sshd_options=("Banner /etc/lab-banner",)),
        HostSpecification("bare", "bob", 5011, without=frozenset({"ipykernel"})),
        HostSpecification("spare", "bob", 5012, without=frozenset({"numpy", "pandas", "matplotlib"})),
        HostSpecification("otherminor", "bob", 5013, python="other"),
        HostSpecification("nopython", "bob", 5014, python=None),
        HostSpecification("small", "bob", 5015, disk_megabytes=1, runtime_directory=False),
        HostSpecification("cramped", "bob", 5017, disk_megabytes=16, runtime_directory=False),
        HostSpecification("desktop", "dora", 5016, has_us=True),
    )
}
"""Every host there can be, by name. They are brought up when first asked for."""

ALIAS_SUFFIXES = {
    "": "the host with its key known",
    "-unknown": "its host key was never seen",
    "-changed": "another host key was seen before",
    "-password": "keys are not tried, a password is asked",
    "-refused": "a key that the host does not accept",
    "-closed": "nothing listens on that port",
    "-faulty": "through the lab's fault proxy, when it runs",
    "-jump": "by ProxyJump through the notebook host's sshd",
}
"""ssh aliases that exist for each host: ``cartesius``, ``cartesius-unknown``...

and what is special about them.
"""
