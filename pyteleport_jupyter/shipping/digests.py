"""Digests of chunks of memory, at the speed of memory where this Python lets us.

Two sides compare what they hold by digests alone, so a digest must be unforgeable by chance, and a gigabyte
must be digested in a tenth of the time that sending it takes. Nothing in :mod:`hashlib` is that fast (SHA-256
1.5 GB/s, BLAKE2b 0.7), but libcrypto, which hashlib brings along, computes GMAC at 5 GB/s: a universal hash
of 128 bits (NIST SP 800-38D). Under a key that is drawn for one comparison and told to nobody else, two
different chunks of 1 MiB agree with a probability of 2**-112. SHA-256 is there where libcrypto is not.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

KEY_SIZE = 16
"""Length of a key in bytes."""

DIGEST_SIZE = 16
"""Length of a digest in bytes."""

ALGORITHMS = ("gmac", "sha256")
"""All that are known, the fastest first."""

THREADS = 2
"""Both algorithms let other threads run meanwhile; with more, memory is the limit."""

SPREAD_FROM = 16 << 20
"""Fewer bytes than this are not worth a second thread."""

Digest = Callable[[memoryview], bytes]


def available() -> tuple[str, ...]:
    """Those of ALGORITHMS that can be computed here, the fastest first."""
    return ALGORITHMS if _libcrypto() is not None else ALGORITHMS[1:]


def digest_function(algorithm: str, key: bytes) -> Digest:
    """A function of one thread. Raises ValueError where ``algorithm`` is not :func:`available`."""
    if algorithm not in available() or len(key) != KEY_SIZE:
        raise ValueError(f"{algorithm} cannot be computed here")
    if algorithm == "gmac":
        return _Gmac(key)
    return lambda chunk: hashlib.sha256(key + hashlib.sha256(chunk).digest()).digest()[:DIGEST_SIZE]


def digests(algorithm: str, key: bytes, chunks: Iterable[memoryview]) -> list[bytes]:
    """The digests of all ``chunks``, computed in two threads where there is much to do."""
    listed = list(chunks)
    if sum(chunk.nbytes for chunk in listed) < SPREAD_FROM:
        return list(map(digest_function(algorithm, key), listed))
    middle = -(-len(listed) // THREADS)
    shares = [listed[at : at + middle] for at in range(0, len(listed), middle)]
    with ThreadPoolExecutor(THREADS) as pool:
        done = pool.map(lambda share: list(map(digest_function(algorithm, key), share)), shares)
        return [digest for share in done for digest in share]


class _Gmac:
    """GMAC with a constant nonce: nobody sees the digests but the two sides that share the key."""

    def __init__(self, key: bytes) -> None:
        found = _libcrypto()
        if found is None:
            raise ValueError("libcrypto is not there")
        crypto, self._digest = found
        self._crypto = crypto
        self._context = ctypes.c_void_p(crypto.EVP_CIPHER_CTX_new())
        self._count = ctypes.c_int()
        self._tag = ctypes.create_string_buffer(DIGEST_SIZE)
        cipher = ctypes.c_void_p(crypto.EVP_aes_128_gcm())
        self._must(crypto.EVP_EncryptInit_ex(self._context, cipher, None, key, bytes(12)))

    def __call__(self, chunk: memoryview) -> bytes:
        crypto, context, count = self._crypto, self._context, ctypes.byref(self._count)
        self._must(crypto.EVP_EncryptInit_ex(context, None, None, None, bytes(12)))
        self._must(self._digest(context, None, count, *place_of(chunk)))
        self._must(crypto.EVP_EncryptFinal_ex(context, self._tag, count))
        self._must(crypto.EVP_CIPHER_CTX_ctrl(context, _GET_TAG, DIGEST_SIZE, self._tag))
        return self._tag.raw

    def _must(self, success: int) -> None:
        if success != 1:
            raise ValueError("libcrypto cannot compute GMAC")

    def __del__(self) -> None:
        self._crypto.EVP_CIPHER_CTX_free(self._context)


_GET_TAG = 0x10
"""EVP_CTRL_AEAD_GET_TAG, openssl/evp.h."""


class _Buffer(ctypes.Structure):
    """``Py_buffer`` (Include/cpython/object.h, pybuffer.h): ctypes itself gives no address of what is
    read-only.
    """

    _fields_ = (
        ("buf", ctypes.c_void_p),
        ("obj", ctypes.py_object),
        ("len", ctypes.c_ssize_t),
        ("itemsize", ctypes.c_ssize_t),
        ("readonly", ctypes.c_int),
        ("ndim", ctypes.c_int),
        ("format", ctypes.c_char_p),
        ("shape", ctypes.c_void_p),
        ("strides", ctypes.c_void_p),
        ("suboffsets", ctypes.c_void_p),
        ("internal", ctypes.c_void_p),
    )


def place_of(chunk: memoryview) -> tuple[ctypes.c_void_p, ctypes.c_int]:
    """The address of ``chunk``, and its length. It stays there as long as ``chunk`` is held."""
    buffer = _Buffer()
    ctypes.pythonapi.PyObject_GetBuffer(ctypes.py_object(chunk), ctypes.byref(buffer), 0)
    place = ctypes.c_void_p(buffer.buf), ctypes.c_int(buffer.len)
    ctypes.pythonapi.PyBuffer_Release(ctypes.byref(buffer))
    return place


@functools.cache
def _libcrypto() -> tuple[ctypes.PyDLL, Any] | None:
    """The library that hashlib uses, found behind its extension module, and of it, as a function that other
    threads run beside, EVP_EncryptUpdate; None where hashlib is built otherwise.
    """
    try:
        import _hashlib

        # Holding on to the interpreter: to get it back after each short call may take as long as the digest.
        crypto = ctypes.PyDLL(_hashlib.__file__)
        update = ctypes.CDLL(_hashlib.__file__).EVP_EncryptUpdate
        update.restype = ctypes.c_int
        for name in ("EVP_CIPHER_CTX_new", "EVP_aes_128_gcm"):
            getattr(crypto, name).restype = ctypes.c_void_p
        for name in ("EVP_EncryptInit_ex", "EVP_EncryptFinal_ex", "EVP_CIPHER_CTX_ctrl"):
            getattr(crypto, name).restype = ctypes.c_int
        crypto.EVP_CIPHER_CTX_free.restype = None
        # Nothing but a trial shows whether a policy (FIPS) lets us.
    except (ImportError, AttributeError, OSError):
        return None
    return crypto, update
