DISTRIBUTION = "click"
MODULE = "click"
SETUP = """
import click
@click.command()
@click.option('--n', default=1)
def cmd(n):
    print(n)
"""
SPECIMENS = (
    ('click.core.Command', 'cmd', "x.name, [o.name for o in x.params], x.make_context('c', ['--n', '4']).params"),
    ('click.types.Choice', "click.Choice(['a'])", "x.convert('a', None, None)"),
)  # fmt: skip
