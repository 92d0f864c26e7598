"""
('0123456789', 'Mapping', 'b', '/')
no_such_module_at_all there
JSONDecoder json.decoder
"""
def lazily():
    import collections.abc, string as s
    from os import path, sep as separator
    teleport()
    return s.digits, collections.abc.Mapping.__name__, path.basename("a/b"), separator
print(lazily())
try:
    import no_such_module_at_all
except ImportError as error:
    print(error.name, teleport())
import importlib
m = importlib.import_module("json.decoder")
teleport()
print(m.JSONDecoder.__name__, m.__name__)
