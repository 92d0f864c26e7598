DISTRIBUTION = "cryptography"
MODULE = "cryptography"
SETUP = """
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519
"""
SPECIMENS = (
    ('cryptography.fernet.Fernet', "Fernet(b'a' * 43 + b'=')", "x.decrypt(x.encrypt(b'hi'))"),
    ('cryptography.hazmat.primitives.hashes.SHA256', 'hashes.SHA256()', 'x.digest_size'),
    ('cryptography.hazmat.bindings._rust.openssl.ed25519.Ed25519PrivateKey', 'ed25519.Ed25519PrivateKey.generate()', 'x', '', 'cannot pickle'),
)  # fmt: skip
