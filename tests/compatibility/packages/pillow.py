DISTRIBUTION = "pillow"
MODULE = "PIL"
SETUP = "from PIL import Image, ImageFont, ImageFilter, ImageDraw"
SPECIMENS = (
    ('PIL.Image.Image', "Image.new('RGB', (3, 2), 'red')", 'x.tobytes(), x.size, x.mode', 'x.putpixel((0, 0), (1, 2, 3))'),
    ('PIL.Image.Palette', 'Image.Palette.WEB', 'x is Image.Palette.WEB'),
    ('PIL.ImageDraw.ImageDraw', "ImageDraw.Draw(Image.new('RGB', (3, 2)))", 'x._image.tobytes()', "x.point((1, 1), 'red')"),
    ('PIL.ImageFont.FreeTypeFont', 'ImageFont.load_default(14)', "x.getbbox('hi')"),
    ('PIL.ImageFilter.GaussianBlur', 'ImageFilter.GaussianBlur(2)', "Image.new('L', (5, 5), 9).filter(x).tobytes()"),
    ('PIL.ImageFont.FreeTypeFont', "import matplotlib; x = ImageFont.truetype(matplotlib.get_data_path() + '/fonts/ttf/DejaVuSans.ttf', 12)", "x.getbbox('hi')"),
)  # fmt: skip
