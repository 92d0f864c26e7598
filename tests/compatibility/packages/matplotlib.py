DISTRIBUTION = "matplotlib"
MODULE = "matplotlib"
SETUP = """
import matplotlib; matplotlib.use('agg')
import matplotlib.pyplot as plt, matplotlib as mpl, io
import matplotlib.cm, matplotlib.colors, matplotlib.path, matplotlib.transforms
def picture(f):
    b = io.BytesIO(); f.savefig(b, format='raw'); return hash(b.getvalue()) if 0 else __import__('zlib').crc32(b.getvalue())
fig, ax = plt.subplots(); line, = ax.plot([1, 2, 3], label='l')
fig3 = plt.figure(); ax3 = fig3.add_subplot(projection='3d'); ax3.plot([1, 2], [1, 2], [1, 2])
"""
SPECIMENS = (
    ('matplotlib.figure.Figure', 'fig', 'picture(x), len(x.axes)', 'x.axes[0].plot([3, 1, 2])'),
    ('matplotlib.axes.Axes', 'ax', 'x.get_xlim(), x.lines[0].get_label(), x.figure.axes[0] is x', 'x.set_xlim(0, 9)'),
    ('matplotlib.lines.Line2D', 'line', "x.get_ydata().tolist() if hasattr(x.get_ydata(), 'tolist') else x.get_ydata(), x.axes.lines[0] is x", 'x.set_ydata([7, 8, 9])'),
    ('mpl_toolkits.mplot3d.axes3d.Axes3D', 'ax3', 'x.elev, picture(x.figure)', 'x.view_init(10, 20)'),
    ('matplotlib.collections.PathCollection', 'ax.scatter([1, 2], [1, 2], c=[1, 2])', 'x.get_offsets().tolist()'),
    ('matplotlib.image.AxesImage', 'plt.figure().add_subplot().imshow([[1, 2], [3, 4]])', 'x.get_array().tolist(), x.get_clim()', 'x.set_clim(0, 9)'),
    ('matplotlib.colorbar.Colorbar', 'x = plt.figure().add_subplot().imshow([[1, 2]]); x = x.figure.colorbar(x)', 'x.vmin, x.vmax'),
    ('matplotlib.colors.LinearSegmentedColormap', "mpl.colors.LinearSegmentedColormap.from_list('n', ['r', 'b'])", 'x(0.5)'),
    ('matplotlib.colors.Normalize', 'mpl.colors.Normalize(1, 3)', 'x(2)', 'x.vmax = 5'),
    ('matplotlib.path.Path', 'mpl.path.Path([[0, 0], [1, 1]])', 'x.vertices.tolist()'),
    ('matplotlib.transforms.Affine2D', 'mpl.transforms.Affine2D().rotate(1)', 'x.transform((1, 0)).tolist()', 'x.translate(1, 1)'),
    ('matplotlib.RcParams', 'mpl.rcParams', "x is mpl.rcParams, x['lines.linewidth']"),
    ('matplotlib.gridspec.GridSpec', 'mpl.gridspec.GridSpec(2, 2)', 'x.get_geometry()'),
)  # fmt: skip
