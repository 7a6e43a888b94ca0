"""
The Python peers, by lines of JSON on stdin and stdout (see serve-peer.ts). Pictures are decoded in as many threads as
there are cores, ahead of inference: more than their documentation asks for.

    python python_peer.py transformers CHECKPOINT
    python python_peer.py onnxruntime BUNDLE
"""

import io
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor

os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")

import numpy as np
from PIL import Image

CORES = len(os.sched_getaffinity(0))


def transformers_peer(checkpoint: str):
    import torch
    from transformers import CLIPImageProcessorPil, CLIPVisionModelWithProjection

    torch.set_num_threads(CORES)
    model = CLIPVisionModelWithProjection.from_pretrained(checkpoint).eval()
    processor = CLIPImageProcessorPil.from_pretrained(checkpoint)

    def preprocess(data: bytes) -> np.ndarray:
        picture = Image.open(io.BytesIO(data)).convert("RGB")
        return np.asarray(processor(picture)["pixel_values"][0])

    def infer(batch: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return model(pixel_values=torch.from_numpy(batch)).image_embeds.numpy()

    return preprocess, infer


def onnxruntime_peer(bundle: str):
    import onnxruntime

    with open(os.path.join(bundle, "preprocessor_config.json")) as file:
        config = json.load(file)
    mean, std = (np.array(config[name], np.float32) for name in ("image_mean", "image_std"))
    edge = config["size"]["shortest_edge"]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = CORES
    graph = os.path.join(bundle, "onnx", "vision_model.onnx")
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name

    def preprocess(data: bytes) -> np.ndarray:
        picture = Image.open(io.BytesIO(data)).convert("RGB")
        width, height = picture.size
        scale = edge / min(width, height)
        size = (max(edge, int(width * scale)), max(edge, int(height * scale)))
        picture = picture.resize(size, Image.Resampling.BICUBIC)
        left, top = (size[0] - edge) // 2, (size[1] - edge) // 2
        pixels = np.asarray(picture.crop((left, top, left + edge, top + edge)), np.float32)
        return ((pixels / 255 - mean) / std).transpose(2, 0, 1)

    return preprocess, lambda batch: session.run(None, {name: batch})[0]


def decoding_ahead(preprocess, infer):
    pool = ThreadPoolExecutor(CORES)

    def embed(images: list[bytes], size: int) -> list[np.ndarray]:
        if size == 1:
            return [infer(preprocess(data)[None])[0] for data in images]
        pixels = pool.map(preprocess, images)
        rows: list[np.ndarray] = []
        batch: list[np.ndarray] = []
        for index, picture in enumerate(pixels):
            batch.append(picture)
            if len(batch) == size or index == len(images) - 1:
                rows.extend(infer(np.stack(batch)))
                batch = []
        return rows

    return embed


def read_files(files: list[str]) -> list[bytes]:
    return [open(path, "rb").read() for path in files]


def serve(embed, read=read_files) -> None:
    """`read` gets a task's files before the clock starts, `embed` what it made of them and the size of a batch."""

    def say(message) -> None:
        print(json.dumps(message), flush=True)

    say("loaded")
    images = None
    task: dict = {}
    for line in sys.stdin:
        if line.strip():
            task = json.loads(line)
            images = read(task["files"])
            say("ready")
        else:
            say([row.tolist() for row in embed(images, task["batchSize"])[:8]])


def main() -> None:
    kind, model = sys.argv[1:]
    peers = {"transformers": transformers_peer, "onnxruntime": onnxruntime_peer}
    serve(decoding_ahead(*peers[kind](model)))


if __name__ == "__main__":
    main()
