DISTRIBUTION = "requests"
MODULE = "requests"
SETUP = """
import requests
session = requests.Session(); session.headers['K'] = 'v'; session.cookies.set('c', '1')
answer = requests.Response(); answer.status_code = 200; answer._content = b'hi'
"""
SPECIMENS = (
    ('requests.Session', 'session', "x.headers['K'], x.cookies.get_dict(), sorted(x.adapters)", "x.headers['N'] = 'm'"),
    ('requests.Response', 'answer', 'x.ok, x.text', 'x.status_code = 404'),
    ('requests.PreparedRequest', "requests.Request('GET', 'http://h/p', params={'a': 1}).prepare()", 'x.url, x.method'),
    ('requests.cookies.RequestsCookieJar', 'session.cookies', 'x.get_dict()', "x.set('d', '2')"),
    ('requests.adapters.HTTPAdapter', 'requests.adapters.HTTPAdapter(max_retries=3)', 'x.max_retries.total'),
)  # fmt: skip
