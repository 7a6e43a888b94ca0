"""Where a checkpoint comes from: a folder, or a hub's id with its revision."""

import sys
from dataclasses import dataclass
from pathlib import Path

import torch
from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError
from transformers import AutoConfig, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from families import FAMILIES


@dataclass(frozen=True)
class Source:
    # What the manifest names: the folder's name, or the id.
    name: str
    # The commit of a hub's repository; none of a folder.
    revision: str | None
    # Configuration, tokenizer and image processor.
    folder: Path


def find_source(checkpoint: str, revision: str | None = None, name: str | None = None) -> Source:
    """
    A folder is taken as it is. Anything else is an id: its small files are fetched (or found in the hub's cache, with
    HF_HUB_OFFLINE=1), and the commit they are of is what the weights are loaded of as well.
    """
    folder = Path(checkpoint)
    if folder.is_dir():
        return Source(name or folder.resolve().name, None, folder)
    try:
        folder = Path(snapshot_download(checkpoint, revision=revision, allow_patterns=["*.json", "*.txt", "*.model"]))
    except HFValidationError:
        sys.exit(f"{checkpoint}: no such folder")
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        sys.exit(f"{checkpoint}: no such folder, and not to be had from the hub: {str(error).splitlines()[0]}")
    return Source(name or checkpoint, folder.name, folder)


def load(checkpoint: str, source: Source) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """The model, float32 and ready to run, and its tokenizer."""
    if not (source.folder / "config.json").is_file():
        sys.exit(f"{checkpoint}: no config.json, so no checkpoint folder")
    family = AutoConfig.from_pretrained(source.folder, local_files_only=True).model_type
    if family not in FAMILIES:
        sys.exit(f"{checkpoint}: model_type {family!r}; this tool knows {', '.join(FAMILIES)}")
    where = {"revision": source.revision} if source.revision else {"local_files_only": True}
    # Plain attention exports as two matrix products and a softmax, which runtimes fuse as they like.
    model = FAMILIES[family].model.from_pretrained(checkpoint, **where, attn_implementation="eager", dtype=torch.float32)
    return model.eval(), AutoTokenizer.from_pretrained(source.folder, local_files_only=True)
