DISTRIBUTION = "cachetools"
MODULE = "cachetools"
SETUP = "import cachetools"
SPECIMENS = (
    ('cachetools.LRUCache', "x = cachetools.LRUCache(2); x[1] = 'a'; x[2] = 'b'", 'dict(x), x.maxsize', "x[3] = 'c'"),
    ('cachetools.TTLCache', "x = cachetools.TTLCache(2, 1000); x[1] = 'a'", 'dict(x), x.ttl', "x[2] = 'c'"),
)  # fmt: skip
