DISTRIBUTION = "lxml"
MODULE = "lxml"
SETUP = "import lxml.etree as e, lxml.html, lxml.objectify"
SPECIMENS = (
    ('lxml.etree._Element', 'e.fromstring(\'<a k="v"><b/></a>\')', 'e.tostring(x)', "e.SubElement(x, 'c')"),
    ('lxml.etree._Element', 'e.fromstring(\'<!DOCTYPE a><!-- c --><?p q?><a>&lt;<![CDATA[<]]><b/>t</a><!-- d -->\')', 'e.tostring(x.getroottree()), x.getprevious().text, x.getnext().text', 'x[0].tail = "u"'),
    ('lxml.etree._Comment', "e.fromstring('<!-- c --><a/>').getprevious()", 'x.text, x.getnext().tag', "x.text = 'd'"),
    ('lxml.etree._Attrib', 'e.fromstring(\'<a k="v"/>\').attrib', 'dict(x)', "x['k'] = 'w'"),
    ('lxml.etree.QName', "e.QName('u', 'b')", 'x.text, x.namespace'),
    ('lxml.etree._ElementTree', "e.ElementTree(e.fromstring('<a/>'))", 'e.tostring(x)', "e.SubElement(x.getroot(), 'c')"),
    ('lxml.html.HtmlElement', "lxml.html.fromstring('<p>a<b>c</b></p>')", 'lxml.html.tostring(x), x.text_content()', "x.text = 'z'"),
    ('lxml.objectify.ObjectifiedElement', "lxml.objectify.fromstring('<a><b>1</b></a>')", 'x.b + 1', 'x.b = 5'),
)  # fmt: skip
