DISTRIBUTION = "lxml"
MODULE = "lxml"
SETUP = "import lxml.etree as e, lxml.html, lxml.objectify"
SPECIMENS = (
    ('lxml.etree._Element', 'e.fromstring(\'<a k="v"><b/></a>\')', 'e.tostring(x)', "e.SubElement(x, 'c')"),
    ('lxml.etree._ElementTree', "e.ElementTree(e.fromstring('<a/>'))", 'e.tostring(x)', "e.SubElement(x.getroot(), 'c')"),
    ('lxml.html.HtmlElement', "lxml.html.fromstring('<p>a<b>c</b></p>')", 'lxml.html.tostring(x), x.text_content()', "x.text = 'z'"),
    ('lxml.objectify.ObjectifiedElement', "lxml.objectify.fromstring('<a><b>1</b></a>')", 'x.b + 1', 'x.b = 5'),
)  # fmt: skip
