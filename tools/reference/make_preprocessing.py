"""Makes test/golden/preprocessing.{json,bin} and more-pictures: what transformers' image processors (Pillow) make of
combinations of fields, and of kinds of pictures that decoders disagree on.

    python tools/reference/make_preprocessing.py

Run make_golden.py first. The JSON is a list of cases: the fields, the picture, the size that comes out, where its pixels
begin in the binary file (uint8 H×W×3, before rescaling), and a few of the pixel values.
"""

import io
import json

import numpy as np
from PIL import Image, ImageCms
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

from make_golden import GOLDEN, as_bytes, opened
from pictures import encoded, rgba, scene

PROCESSORS = {"clip": CLIPImageProcessorPil, "siglip": SiglipImageProcessorPil}
PICTURES = ["pictures/landscape.jpg", "pictures/oriented.jpg", "pictures/one-edge-grows.png"]
SQUARE = {"size": {"height": 24, "width": 24}, "do_center_crop": False}
CROPPED = {"size": {"shortest_edge": 20}, "crop_size": {"height": 20, "width": 20}}

FIELDS = [
    {"size": {"height": 20, "width": 28}, "do_center_crop": False},
    {"size": {"height": 28, "width": 20}, "do_center_crop": False, "resample": 2},
    *({**CROPPED, "resample": resample} for resample in range(6)),
    {"size": {"shortest_edge": 20}, "crop_size": {"height": 26, "width": 14}},
    {"size": {"shortest_edge": 15}, "crop_size": {"height": 22, "width": 22}},
    {"size": {"shortest_edge": 15}, "crop_size": 17},
    {"size": {"shortest_edge": 24, "longest_edge": 31}, "crop_size": {"height": 24, "width": 24}},
    {"size": {"shortest_edge": 24, "longest_edge": 1000}, "crop_size": {"height": 24, "width": 24}},
    {"size": 18, "crop_size": 18},
    {"do_resize": False, "crop_size": {"height": 30, "width": 30}},
    {**SQUARE, "do_normalize": False},
    {**SQUARE, "do_rescale": False},
    {**SQUARE, "do_rescale": False, "do_normalize": False},
    {**SQUARE, "rescale_factor": 1 / 127.5, "image_mean": [1, 1, 1], "image_std": [1, 1, 1]},
    {**SQUARE, "image_mean": [0.1, 0.2, 0.3], "image_std": [0.5, 0.25, 2]},
]  # fmt: skip


def with_profile() -> bytes:
    """Whoever applies the profile exchanges red and green."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = profile.replace(b"rXYZ", b"_XYZ").replace(b"gXYZ", b"rXYZ").replace(b"_XYZ", b"gXYZ")
    return encoded(Image.fromarray(scene(60, 44, 21)), format="JPEG", quality=95, icc_profile=swapped)


def more_pictures() -> dict[str, bytes]:
    palette = Image.fromarray(scene(60, 44, 22)).quantize(64)
    frames = [Image.fromarray(scene(48, 48, seed)) for seed in (23, 24)]
    return {
        "grey-alpha.png": encoded(rgba().convert("LA"), format="PNG"),
        "palette-alpha.png": encoded(palette, format="PNG", transparency=bytes(range(0, 256, 4))),
        "transparent-colour.png": encoded(flat_corner(), format="PNG", transparency=(10, 20, 30)),
        "one-bit.png": encoded(Image.fromarray(scene(60, 44, 25)).convert("1"), format="PNG"),
        "grey.jpg": encoded(Image.fromarray(scene(60, 44, 26)).convert("L"), format="JPEG", quality=95),
        "alpha.webp": encoded(rgba(), format="WEBP", lossless=True, exact=True),
        "animated.webp": encoded(frames[0], format="WEBP", save_all=True, append_images=frames[1:], lossless=True),
        "cmyk.tiff": encoded(Image.fromarray(scene(60, 44, 27)).convert("CMYK"), format="TIFF"),
        "profile.jpg": with_profile(),
        "progressive.jpg": encoded(Image.fromarray(scene(90, 70, 28)), format="JPEG", quality=90, progressive=True),
    }


def flat_corner() -> Image.Image:
    picture = scene(60, 44, 29)
    picture[:15, :20] = (10, 20, 30)
    return Image.fromarray(picture)


def main() -> None:
    folder = GOLDEN / "more-pictures"
    folder.mkdir(exist_ok=True)
    for name, content in more_pictures().items():
        (folder / name).write_bytes(content)
    wanted = [("clip", fields, picture) for fields in FIELDS for picture in PICTURES]
    wanted += [("siglip", {"size": {"height": 24, "width": 24}}, picture) for picture in PICTURES]
    wanted += [("clip", SQUARE, f"more-pictures/{name}") for name in sorted(more_pictures())]
    cases, pixels = [], io.BytesIO()
    for family, fields, picture in wanted:
        image = opened(GOLDEN / picture)
        raw = PROCESSORS[family](**{**fields, "do_rescale": False, "do_normalize": False})(image, return_tensors="np")
        values = PROCESSORS[family](**fields)(image, return_tensors="np")["pixel_values"][0]
        _, height, width = raw["pixel_values"][0].shape
        some = [round(float(value), 5) for value in np.ravel(values)[::97]]
        cases.append({"family": family, "fields": fields, "picture": picture, "width": width, "height": height, "from": pixels.tell(), "values": some})
        pixels.write(as_bytes(raw["pixel_values"][0]))
    lines = ",\n".join(json.dumps(case) for case in cases)
    (GOLDEN / "preprocessing.json").write_text(f"[\n{lines}\n]\n")
    (GOLDEN / "preprocessing.bin").write_bytes(pixels.getvalue())


if __name__ == "__main__":
    main()
