DISTRIBUTION = "scikit-image"
MODULE = "skimage"
SETUP = "import skimage.transform as t, skimage.io, numpy as np"
SPECIMENS = (
    ('skimage.transform.AffineTransform', 't.AffineTransform(scale=(2, 2))', 'x([[1, 1]]).tolist()'),
    ('skimage.transform.SimilarityTransform', 't.SimilarityTransform(rotation=1)', 'x.params.round(6).tolist()'),
)  # fmt: skip
