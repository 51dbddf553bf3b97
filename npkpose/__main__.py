"""``python -m npkpose``: the command line."""

import sys

from npkpose.cli.main import main

sys.exit(main())
