"""Pictures of many small images: what the examples write. Needs Pillow: pip install '.[images]', in the clone of kbridge"""

import numpy as np

from kbridge.preprocessing.image import array_to_img


def save_grid(path, images, columns, scale=8, border=1):
    """Write ``images`` (n, rows, columns), values 0 to 1, as a PNG with ``columns`` of them in a row, each pixel
    ``scale`` screen pixels wide."""
    images = np.clip(np.asarray(images, "float32"), 0, 1)
    n, height, width = images.shape
    rows = -(-n // columns)
    grid = np.full((rows * (height + border) + border, columns * (width + border) + border), 0.5, "float32")
    for i, image in enumerate(images):
        top, left = (i // columns) * (height + border) + border, (i % columns) * (width + border) + border
        grid[top : top + height, left : left + width] = image
    large = np.kron(grid, np.ones((scale, scale), "float32"))
    array_to_img(255 * large[:, :, None], dim_ordering="tf", scale=False).save(path)
    print(f"Written: {path}")
