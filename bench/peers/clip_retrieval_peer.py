"""
clip-retrieval as a peer, by lines of JSON on stdin and stdout (see serve-peer.ts). Batches go through its reader, a
worker process a core, and its mapper; one picture through its preprocessing and its mapper, without the reader.

    python clip_retrieval_peer.py CHECKPOINT
"""

import contextlib
import io
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")

from all_clip import load_clip
from clip_retrieval.clip_inference.mapper import ClipMapper
from clip_retrieval.clip_inference.reader import FilesReader
from PIL import Image
from python_peer import CORES, read_files, serve


def for_transformers_4(checkpoint: str, folder: Path) -> Path:
    """The checkpoint with a tokenizer's class that transformers 4 knows; clip-retrieval has a tokenizer of its own."""
    shutil.copytree(checkpoint, folder, copy_function=os.symlink)
    config = folder / "tokenizer_config.json"
    config.unlink()
    config.write_text(json.dumps({"tokenizer_class": "PreTrainedTokenizerFast"}))
    return folder


def main(checkpoint: str, scratch: Path) -> None:
    model = f"hf_clip:{for_transformers_4(checkpoint, scratch / 'checkpoint')}"
    options = {"clip_model": model, "use_jit": False, "warmup_batch_size": 1, "clip_cache_path": None}
    # It reports on stdout, where the answers go.
    with contextlib.redirect_stdout(io.StringIO()):
        _, preprocess, tokenizer = load_clip(**options)
        mapper = ClipMapper(True, False, False, use_mclip=False, mclip_model=None, **options)

    def read(files: list[str]) -> tuple[str, list[bytes]]:
        folder = tempfile.mkdtemp(dir=scratch)
        for index, file in enumerate(files):
            os.symlink(file, os.path.join(folder, f"{index:06}.jpg"))
        return folder, read_files(files)

    def embed(pictures: tuple[str, list[bytes]], size: int) -> list:
        folder, images = pictures
        if size == 1:
            tensors = (preprocess(Image.open(io.BytesIO(data)))[None] for data in images)
            batches = ({"image_tensor": tensor, "image_filename": None} for tensor in tensors)
        else:
            batches = FilesReader(list, preprocess, tokenizer, folder, size, CORES, enable_text=False)
        return [row for batch in batches for row in mapper(batch)["image_embs"]]

    serve(embed, read)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        main(sys.argv[1], Path(scratch))
