"""
captured True
teed there
4 teed
"""
import contextlib, io, sys
out = io.StringIO()
with contextlib.redirect_stdout(out):
    print("captured", teleport())
    print("more")
print(out.getvalue()[:8], sys.stdout is sys.__stdout__ or True)
class Tee:
    def __init__(self, stream):
        self.stream, self.lines = stream, []
    def write(self, text):
        self.lines.append(text)
        return self.stream.write(text)
    def flush(self):
        self.stream.flush()
tee = Tee(sys.stdout)
with contextlib.redirect_stdout(tee):
    print("teed", teleport())
print(len(tee.lines), tee.lines[0])
