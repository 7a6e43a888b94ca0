"""Reads a FiftyOneDataset with FiftyOne's own documents, as its importer would: python check_fiftyone.py FOLDER"""

import json
import os
import sys

os.environ["FIFTYONE_DISABLE_SERVICES"] = os.environ["FIFTYONE_DO_NOT_TRACK"] = "1"

import fiftyone.core.labels as labels
import fiftyone.core.metadata as metadata
import fiftyone.core.odm as odm
import fiftyone.core.odm.dataset as dataset

folder = sys.argv[1]
document = dataset.DatasetDocument.from_dict(
    {"name": "test", "slug": "test", "sample_collection_name": "samples.test"}
    | odm.import_document(os.path.join(folder, "metadata.json"))
)
fields = {field.name: field.to_field() for field in document.sample_fields}
samples, _ = odm.import_collection(os.path.join(folder, "samples.json"), key="samples")
found = []
for sample in samples:
    for name, value in sample.items():
        if name.startswith("_") or value is None:
            continue
        field = fields[name]
        if isinstance(value, dict):
            value = {"ImageMetadata": metadata.ImageMetadata}.get(value["_cls"], labels.Label).from_dict(value)
            assert isinstance(value, field.document_type), (name, value)
            value.validate()
        field.validate(value)
        if name == "predictions":
            found.append([len(value.classifications), value.classifications[0].label if value.classifications else None])
print(json.dumps({"samples": len(found), "version": document.version, "first": found[0]}, ensure_ascii=False))
