DISTRIBUTION = "beautifulsoup4"
MODULE = "bs4"
SETUP = "import bs4"
SPECIMENS = (
    ('bs4.BeautifulSoup', 'bs4.BeautifulSoup(\'<a href="u"><b>t</b></a>\', \'html.parser\')', 'str(x), x.b.text', "x.b.string = 'z'"),
    ('bs4.element.Tag', "bs4.BeautifulSoup('<p>t<i>u</i></p>', 'html.parser').p", 'str(x), x.i.text', "x['k'] = 'v'"),
    ('bs4.element.NavigableString', "bs4.BeautifulSoup('<p>t</p>', 'html.parser').p.string", 'x'),
)  # fmt: skip
