"""
['a b c', 'd e f', 'g'] there
{"a": true, "b": [1, null]}
1 and there
[['a', 'b'], ['1', '2']]
"""
import textwrap, string, json, csv, io
print(textwrap.fill("a b c d e f g", 5).splitlines(), teleport())
class Encoder(json.JSONEncoder):
    def iterencode(self, o, _one_shot=False):
        teleport()
        return super().iterencode(o, _one_shot)
print(Encoder(sort_keys=True).encode({"b": [1, None], "a": True}))
template = string.Template("$x and ${y}")
teleport()
print(template.substitute(x=1, y=teleport()))
buffer = io.StringIO()
writer = csv.DictWriter
rows = list(csv.reader(["a,b", "1,2"]))
teleport()
print(rows)
