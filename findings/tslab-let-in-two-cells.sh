#!/usr/bin/env bash
# A variable (`let`) of a tslab 1.0.22 notebook and the functions of its cell part after another cell assigns to it: the functions keep
# the old value and, when they write, put their own back over the assigned one. In one cell the same statements give other numbers.
#
# Expected: the numbers of one cell, as in other notebooks and as TypeScript's and JavaScript's rules for closures say.
# Why it matters: `seed = 1; train()` in a cell of its own trains with the seed of the cell that declared it, and the report prints that
# of the last assignment. In this project's kernel the cells share such variables.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check nbclient==0.11.0 nbformat==5.11.1
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --save-exact tslab@1.0.22 >/dev/null
mkdir -p kernels/tslab
echo '{"argv": ["node_modules/.bin/tslab", "kernel", "--config-path={connection_file}"], "display_name": "t", "language": "typescript"}' \
  >kernels/tslab/kernel.json
JUPYTER_PATH=$folder JUPYTER_RUNTIME_DIR=$folder/runtime PYTHONWARNINGS=ignore venv/bin/python - <<'PY' 2>/dev/null
import sys
import nbformat
from nbclient import NotebookClient

DECLARE = "let seed = 0; function current() { return seed; } function next() { seed += 1; return seed; }"
ASSIGN, SHOW = "seed = 100;", "console.log(current(), seed, next(), seed);"


def printed(*cells):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, kernel_name="tslab", timeout=120).execute()
    return "".join(output.get("text", "") for output in notebook.cells[-1].outputs).strip()


one, two = printed(" ".join((DECLARE, ASSIGN, SHOW))), printed(DECLARE, ASSIGN, SHOW)
print(f"tslab 1.0.22, seed = 100, then current(), seed, next(), seed: {one} in one cell, {two} in three")
sys.exit(0 if (one, two) == ("100 100 101 101", "0 100 1 1") else 1)
PY
