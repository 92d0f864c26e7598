DISTRIBUTION = "httpx"
MODULE = "httpx"
SETUP = "import httpx"
SPECIMENS = (
    ('httpx.Request', "httpx.Request('GET', 'http://h/p', headers={'K': 'v'})", "x.url, x.headers['K'], x.method"),
    ('httpx.Response', "httpx.Response(200, json={'a': 1})", 'x.json(), x.status_code'),
    ('httpx.URL', "httpx.URL('http://h/p?a=1')", 'x, x.params'),
    ('httpx.Headers', "httpx.Headers({'A': 'b'})", "x, x['a']", "x['N'] = 'm'"),
    ('httpx.Timeout', 'httpx.Timeout(3)', 'x.read'),
    ('httpx.Client', "httpx.Client(headers={'a': 'b'})", "x.headers['a'], x.is_closed", "x.headers['a'] = 'c'"),
    ('httpx.AsyncClient', "httpx.AsyncClient(timeout=3)", 'x.timeout', 'x.timeout = 5'),
)  # fmt: skip
