"""
one there two
['three', 'four'] True False
True
b'one' there 3 1
line one
line two
line three
line four
b b'xy'
"""
import tempfile, os
path = os.path.join(tempfile.gettempdir(), f"hopping-{os.getppid()}.txt")
with open(path, "w") as file:
    file.write("one\ntwo\nthree\nfour\n")
with open(path) as file:
    print(file.readline().strip(), teleport(), file.readline().strip())
    teleport()
    print(file.read().split(), file.name == path, file.closed)
print(file.closed)
with open(path, "rb") as binary:
    print(binary.read(3), teleport(), binary.tell(), len(binary.readline()))
with open(path) as file:
    for line in file:
        teleport()
        print("line", line.strip())
os.remove(path)
import io
memory = io.StringIO("a\nb\n")
next(memory)
teleport()
print(memory.read().strip(), io.BytesIO(b"xyz").read(2))
