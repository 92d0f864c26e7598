DISTRIBUTION = "pydantic"
MODULE = "pydantic"
SETUP = """
import pydantic, typing
class Model(pydantic.BaseModel):
    a: int = 1
    b: list[str] = []
    @pydantic.field_validator('a')
    def positive(cls, v):
        assert v > 0
        return v
class Nested(Model):
    m: typing.Optional[Model] = None
    _p: int = pydantic.PrivateAttr(3)
T = typing.TypeVar('T')
class Box(pydantic.BaseModel, typing.Generic[T]):
    v: T
"""
SPECIMENS = (
    ('notebook.Model', 'Model(a=3)', "x, x.model_dump_json(), Model(a='4')", "x.b.append('z')"),
    ('notebook.Nested', 'Nested(m=Model(a=2))', 'x, x._p, x.m.a', 'x._p = 5; x.a = 9'),
    ('notebook.Box[int]', 'Box[int](v=3)', 'x, type(x) is Box[int], isinstance(x, Box)', 'x.v = 4'),
    ('pydantic_core._pydantic_core.ValidationError', "x = None\ntry: Model(a='q')\nexcept pydantic.ValidationError as e: x = e", 'str(x), x.errors()'),
    ('pydantic.TypeAdapter', 'pydantic.TypeAdapter(list[int])', "x.validate_python(['1'])"),
    ('pydantic.SecretStr', "pydantic.SecretStr('s')", 'x, x.get_secret_value()'),
    ('pydantic.FieldInfo', "Model.model_fields['a']", 'x.default'),
)  # fmt: skip
