"""Peer of the slide benchmark: the usual way in Python. OpenSlide (or tifffile) reads each tile, Pillow makes it RGB, and
onnxruntime predicts in batches, in worker processes of one thread each. Prints JSON.

slide_peer.py READER SLIDE MODEL.onnx TILES.csv SIZE WORKERS
"""
import csv
import json
import multiprocessing
import resource
import sys
import time

import numpy as np

BATCH = 32
BLOCK = 256


def openslide_reader(path):
    import openslide

    slide = openslide.OpenSlide(path)
    return lambda x, y, size: np.asarray(slide.read_region((x, y), 0, (size, size)).convert("RGB"))


def tifffile_reader(path):
    """Decodes the file's tiles under each of the model's, and keeps the latest."""
    import functools

    import tifffile

    page = tifffile.TiffFile(path).pages[0]
    width = page.tilewidth
    across = -(-page.imagewidth // width)

    @functools.lru_cache(maxsize=256)
    def tile(row, column):
        index = row * across + column
        handle = page.parent.filehandle
        handle.seek(page.dataoffsets[index])
        data = handle.read(page.databytecounts[index])
        return page.decode(data, index, jpegtables=page.jpegtables)[0][0]

    def read(x, y, size):
        out = np.full((size, size, 3), 255, np.uint8)
        for row in range(y // width, min((y + size - 1) // width, (page.imagelength - 1) // width) + 1):
            for column in range(x // width, min((x + size - 1) // width, across - 1) + 1):
                pixels = tile(row, column)
                top, left = row * width, column * width
                y0, x0 = max(y, top), max(x, left)
                y1 = min(y + size, top + pixels.shape[0], page.imagelength)
                x1 = min(x + size, left + pixels.shape[1], page.imagewidth)
                out[y0 - y : y1 - y, x0 - x : x1 - x] = pixels[y0 - top : y1 - top, x0 - left : x1 - left]
        return out

    return read


def start(reader, path, model, size):
    import onnxruntime

    global read, session, edge
    edge = size
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    read = {"openslide": openslide_reader, "tifffile": tifffile_reader}[reader](path)


def predict(places):
    logits = []
    for first in range(0, len(places), BATCH):
        batch = np.stack([read(x, y, edge) for x, y in places[first : first + BATCH]])
        logits.extend(session.run(["logit"], {"pixels": batch})[0].ravel().tolist())
    return logits


if __name__ == "__main__":
    reader, path, model, table, size, workers = sys.argv[1:]
    with open(table) as file:
        places = [(int(row["x"]), int(row["y"])) for row in csv.DictReader(file)]
    blocks = [places[first : first + BLOCK] for first in range(0, len(places), BLOCK)]
    began = time.perf_counter()
    with multiprocessing.Pool(int(workers), start, (reader, path, model, int(size))) as pool:
        logits = [logit for block in pool.imap(predict, blocks) for logit in block]
        pool.close()
        pool.join()
    seconds = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = used.ru_utime + used.ru_stime
    print(json.dumps({"tilesPerSecond": len(places) / seconds, "processorSeconds": processor, "logits": logits}))
