"""``python -m npkpose``: the command line."""

import sys

from npkpose.cli import main

sys.exit(main())
