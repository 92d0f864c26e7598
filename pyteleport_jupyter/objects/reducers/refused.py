"""What never moves, with the reason the user reads. Files, threads and generators have rules of their own."""

from __future__ import annotations

from pyteleport_jupyter.objects.table import refuses

refuses(
    "a network connection stays with this process",
    "socket.socket",
    "_socket.socket",
    "ssl.SSLObject",
    "_ssl._SSLSocket",
)
refuses(
    "a network connection stays with this process", "http.client.HTTPConnection", "ftplib.FTP", "smtplib.SMTP"
)
refuses("its sockets stay with this process", "zmq.sugar.socket.Socket", "zmq.sugar.context.Context")
refuses("its threads or processes stay here; shut it down first", "concurrent.futures._base.Executor")
refuses("its processes stay here; close it first", "multiprocessing.pool.Pool")
refuses(
    "a process that was started here stays here", "subprocess.Popen", "multiprocessing.process.BaseProcess"
)
refuses(
    "it connects processes of this machine",
    "multiprocessing.queues.Queue",
    "multiprocessing.connection._ConnectionBase",
)
refuses(
    "it is memory shared with processes of this machine",
    "multiprocessing.shared_memory.SharedMemory",
    "mmap.mmap",
)
refuses("it looks into the event loop here", "asyncio.streams.StreamReader", "asyncio.streams.StreamWriter")
refuses("it reads and writes a part of an open database here", "sqlite3.Blob")
refuses("a frame of this process cannot be held by another", "builtins.frame")
refuses(
    "an async generator that is being closed, or thrown into, cannot be taken up in the middle of that",
    "builtins.async_generator_athrow",
)
refuses("what it waits for is hidden in C; await anext() without a default", "builtins.anext_awaitable")
refuses("it hands elements between threads of this process and cannot be looked into", "_queue.SimpleQueue")
refuses("it is memory of this process", "ctypes._CFuncPtr", "ctypes.CDLL")
refuses("it watches files of this process", "selectors.BaseSelector", "select.epoll", "select.poll")
refuses("a profile is being taken here", "_lsprof.Profiler", "cProfile.Profile")
refuses(
    "its state is hidden in C",
    "_hashlib.HASH",
    "_hashlib.HMAC",
    "_blake2.blake2b",
    "_blake2.blake2s",
    "_md5.md5",
    "_sha1.sha1",
    "_sha2.SHA224Type",
    "_sha2.SHA256Type",
    "_sha2.SHA384Type",
    "_sha2.SHA512Type",
    "zlib.Compress",
    "zlib.Decompress",
    "_bz2.BZ2Compressor",
    "_bz2.BZ2Decompressor",
    "_lzma.LZMACompressor",
    "_lzma.LZMADecompressor",
    "_csv.reader",
)
refuses(
    "it is an open HDF5 file, or a part of one; open it again there",
    "h5py._hl.base.HLObject",
    "h5py._hl.attrs.AttributeManager",
    "h5py._objects.ObjectID",
)
refuses(
    "it is a connection to a database; open it again there",
    "_duckdb.DuckDBPyConnection",
    "duckdb.DuckDBPyConnection",
    "psycopg.connection.BaseConnection",
    "psycopg2.extensions.connection",
    "pymysql.connections.Connection",
)
refuses(
    "it is a stand-in of unittest.mock, which cannot be told from what it stands for",
    "unittest.mock.NonCallableMock",
    "unittest.mock._Call",
)
