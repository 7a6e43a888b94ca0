"""
A bundle with the image tower as PyTorch runs it and other exporters write it. For benchmarks; called like
tools/export/export.py.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "export"))

import export

if __name__ == "__main__":
    export.lean = lambda tower, _model: tower
    export.main()
