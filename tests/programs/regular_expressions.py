"""
abc 12 (4, 6) [('a', '1'), ('b', '2')] True
('x', '1') there
('y', '2') there
x # y # ['x', '1', 'y', '2']
"""
import re
pattern = re.compile(r"([a-z]+) (?P<n>[0-9]+)")
match = pattern.match("abc 12 def 3")
teleport()
print(match.group(1), match["n"], match.span("n"), pattern.findall("a 1 b 2"), pattern is match.re)
text = "x 1 y 2"
position = 0
while found := pattern.search(text, position):
    print(found.groups(), teleport())
    position = found.end()
print(re.sub("[0-9]", "#", text), re.split(" ", text))
