"""
exec there
y = 7
eval there!
None
nested there
5 ['z']
"""
exec("print('exec', teleport())\ny = 7")
print("y =", y)
print("eval", eval("teleport() + '!'"))
print(exec("teleport()"))
exec("exec(\"print('nested', teleport())\")")
names = {"teleport": teleport}
local = {}
exec("z = 5 if teleport() else 6", names, local)
print(local["z"], list(local))
