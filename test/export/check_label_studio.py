"""Holds tasks and labelling config to Label Studio's own SDK: python check_label_studio.py tasks.json config.xml"""

import json
import sys

from label_studio_sdk.label_interface import LabelInterface
from label_studio_sdk.label_interface.objects import PredictionValue, TaskValue

tasks_file, config_file = sys.argv[1:]
interface = LabelInterface(open(config_file, encoding="utf-8").read())
interface.validate()
tasks = json.load(open(tasks_file, encoding="utf-8"))
for task in tasks:
    TaskValue(data=task["data"], annotations=None, predictions=None)
    interface.validate_task({"data": task["data"]}, validate_regions_only=False)
    for prediction in task["predictions"]:
        PredictionValue(**prediction)
        errors = interface.validate_prediction(prediction, return_errors=True)
        assert not errors, (task["data"], errors)
print(json.dumps({"tasks": len(tasks), "predictions": sum(len(task["predictions"]) for task in tasks)}))
