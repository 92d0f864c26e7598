"""
2024-03-01T12:00:00+00:00 5 .txt 10.0.0.2 namespace(a=1) 1
2024-03-02 0:00:00 slice(1, 2, 3) 1 Ellipsis NotImplemented
"""
import datetime as d, uuid, pathlib, ipaddress, types, zoneinfo
moment = d.datetime(2024, 2, 29, 12, tzinfo=d.timezone.utc)
step = d.timedelta(days=1)
identity = uuid.UUID(int=5)
path = pathlib.PurePosixPath("/a") / "b.txt"
address = ipaddress.ip_address("10.0.0.1")
space = types.SimpleNamespace(a=1)
proxy = types.MappingProxyType({"k": 1})
teleport()
print((moment + step).isoformat(), identity.int, path.suffix, address + 1, space, proxy["k"])
for _ in range(2):
    moment += step
    teleport()
print(moment.date(), moment.utcoffset(), slice(1, 2, 3), range(5)[teleport() == "there"], ..., NotImplemented)
