#!/usr/bin/env bash
# zarr 3.1.6 gives values back that a resize has cut off: an array of 10 values in chunks of 8, made shorter (5) and longer again (10),
# holds the old values 6, 7 and 8 where nothing was written since.
#
# Expected: the fill value in all five new places, as h5py gives for a data set with the same chunks.
# Why it matters: features or maps of a slide that is computed anew with fewer tiles and then extended contain those of other tiles; where
# they come from depends on the chunk size.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check zarr==3.1.6 h5py==3.16.0 numpy==2.4.6
"$folder/venv/bin/python" - "$folder/values.h5" <<'PY'
import sys
import h5py
import numpy
import zarr

values = numpy.arange(1, 11, dtype="u1")
array = zarr.create_array(store={}, shape=(10,), chunks=(8,), dtype="u1", fill_value=0)
array[:] = values
with h5py.File(sys.argv[1], "w") as file:
    dataset = file.create_dataset("values", data=values, chunks=(8,), maxshape=(None,), fillvalue=0)
    for length in (5, 10):
        array.resize((length,))
        dataset.resize((length,))
    seen, other = array[:].tolist(), dataset[:].tolist()
print(f"shortened to 5 values and extended to 10: zarr {zarr.__version__} {seen}, h5py {h5py.__version__} {other}")
sys.exit(0 if seen == [1, 2, 3, 4, 5, 6, 7, 8, 0, 0] and other == [1, 2, 3, 4, 5, 0, 0, 0, 0, 0] else 1)
PY
