"""Speed, side by side with what a user would do instead: ``make bench``."""

import sys
from pathlib import Path

# The lab belongs to the tests; it is not installed with the package.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
