"""``python -P -m workbench.clusters.process FOLDER GENERATION``: see ``clusters.launch``."""

import sys
from pathlib import Path

# Processes that are forked for workers run this file again under another name.
if __name__ == "__main__":
    from workbench.clusters.process.begin import main

    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
