#!/usr/bin/env bash
# With nbclient 0.11.0 and the kernel tslab 1.0.22, the cells right after one that is expected to fail (tag "raises-exception") do not
# run: they stay without output, the notebook is saved, and nothing reports it. With the kernel of Python all of them run.
#
# Expected: every cell runs; nbclient asks the kernel not to stop at the error (stop_on_error of the execute request), and the kernel
# answers the next requests as aborted.
# Why it matters: a notebook that shows an error on purpose passes in CI without the cells after it. This project's kernel runs them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check nbclient==0.11.0 nbformat==5.11.1 ipykernel==7.2.0
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --save-exact tslab@1.0.22 >/dev/null
mkdir -p kernels/tslab
echo '{"argv": ["node_modules/.bin/tslab", "kernel", "--config-path={connection_file}"], "display_name": "t", "language": "typescript"}' \
  >kernels/tslab/kernel.json
JUPYTER_PATH=$folder JUPYTER_RUNTIME_DIR=$folder/runtime IPYTHONDIR=$folder PYTHONWARNINGS=ignore venv/bin/python - <<'PY' 2>/dev/null
import sys
import nbformat
from nbclient import NotebookClient


def printed(kernel, failing, show):
    cells = [nbformat.v4.new_code_cell(source) for source in (failing, show.format(1), show.format(2))]
    cells[0].metadata["tags"] = ["raises-exception"]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, kernel_name=kernel, timeout=120).execute()
    return ["".join(output.get("text", "") for output in cell.outputs).strip() for cell in notebook.cells[1:]]


python = printed("python3", "raise ValueError('expected')", "print({})")
tslab = printed("tslab", "throw new Error('expected');", "console.log({});")
print(f"outputs of the two cells after the expected error: Python {python}, tslab 1.0.22 {tslab}")
sys.exit(0 if python == ["1", "2"] and tslab[0] == "" else 1)
PY
