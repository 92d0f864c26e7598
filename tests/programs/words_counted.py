"""
{'the': 3, 'cat': 1, 'and': 2, 'dog': 1, 'bird': 1}
{3: ['the'], 1: ['cat', 'dog', 'bird'], 2: ['and']} 3 ['the', 'cat', 'dog', 'bird', 'and']
{'t': ['the'], 'a': ['and'], 'b': ['bird'], 'c': ['cat']}
wkh fdw dqg the cat
"""
text = "the cat and the dog and the bird"
counts = {}
for word in text.split():
    counts[word] = counts.get(word, 0) + 1
    if counts[word] == 2:
        teleport()
print(counts)
groups = {}
for word, n in counts.items():
    groups.setdefault(n, []).append(word)
    teleport()
print(groups, max(groups), [w for n in groups for w in groups[n] if teleport()])
index = {letter: [w for w in counts if w.startswith(letter)] for letter in "tabc" if teleport()}
print(index)
def caesar(text, shift):
    out = []
    for ch in text:
        if ch == " ":
            teleport()
            out.append(ch)
            continue
        out.append(chr((ord(ch) - 97 + shift) % 26 + 97))
    return "".join(out)
print(caesar(text[:11], 3), caesar(caesar(text[:7], 3), -3))
