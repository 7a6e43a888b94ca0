"""Generated pictures of the kinds that decoders disagree on, as (file name, bytes)."""

import io

import numpy as np
from PIL import Image


def scene(width: int, height: int, seed: int) -> np.ndarray:
    """Smooth colours with a few hard edges, uint8 [H, W, 3]."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(float)
    waves = [np.sin(x / width * a + y / height * b + c) for a, b, c in random.uniform(1, 7, (3, 3))]
    picture = np.stack(waves, -1) * 100 + 128
    picture[height // 4 : height // 2, width // 5 : width // 2] = random.integers(0, 256, 3)
    picture[height // 2 :, width * 2 // 3 :] = 255 - picture[height // 2 :, width * 2 // 3 :]
    return picture.clip(0, 255).astype(np.uint8)


def encoded(image: Image.Image, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, **options)
    return buffer.getvalue()


def rgba() -> Image.Image:
    picture = np.dstack([scene(70, 50, 4), scene(70, 50, 5)[..., 0]])
    picture[:10, :10, 3] = 0
    return Image.fromarray(picture, "RGBA")


def oriented() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(Image.fromarray(scene(64, 40, 6)), format="JPEG", quality=92, exif=exif)


def animated() -> bytes:
    frames = [Image.fromarray(scene(48, 48, seed)).quantize(32) for seed in (7, 8, 9)]
    return encoded(frames[0], format="GIF", save_all=True, append_images=frames[1:])


def sixteen_bit() -> Image.Image:
    return Image.fromarray((scene(60, 44, 10)[..., 0].astype(np.uint16) << 8) + 77)


def pictures() -> dict[str, bytes]:
    return {
        "landscape.jpg": encoded(Image.fromarray(scene(120, 80, 1)), format="JPEG", quality=92),
        "subsampled.jpg": encoded(Image.fromarray(scene(97, 131, 2)), format="JPEG", quality=85, subsampling=2),
        "large.jpg": encoded(Image.fromarray(scene(640, 400, 14)), format="JPEG", quality=60),
        "small.png": encoded(Image.fromarray(scene(9, 7, 3)), format="PNG"),
        "one-edge-grows.png": encoded(Image.fromarray(scene(100, 20, 13)), format="PNG"),
        "alpha.png": encoded(rgba(), format="PNG"),
        "grey.png": encoded(Image.fromarray(scene(60, 44, 10)[..., 1]), format="PNG"),
        "palette.png": encoded(Image.fromarray(scene(60, 44, 11)).quantize(64), format="PNG"),
        "cmyk.jpg": encoded(Image.fromarray(scene(60, 44, 12)).convert("CMYK"), format="JPEG", quality=95),
        "sixteen-bit.png": encoded(sixteen_bit(), format="PNG"),
        "oriented.jpg": oriented(),
        "animated.gif": animated(),
    }
