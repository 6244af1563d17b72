"""The peer of `histo bench server`: the usual way to serve an ONNX model from Python, with FastAPI, Pillow and onnxruntime."""

import io
import json
import os
from pathlib import Path

import numpy as np
import onnxruntime
from fastapi import FastAPI, Request
from PIL import Image
from starlette.concurrency import run_in_threadpool

directory = Path(os.environ["MODEL"])
card = json.loads((directory / "model.json").read_text())
size = card["preprocessing"]["size"]
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = int(os.environ["THREADS"])
session = onnxruntime.InferenceSession(str(directory / card["graph"]), options, providers=["CPUExecutionProvider"])
app = FastAPI()


def classify(data: bytes) -> dict:
    image = Image.open(io.BytesIO(data)).convert("RGB")
    if image.size != (size, size):
        image = image.resize((size, size))
    pixels = np.asarray(image)[np.newaxis]
    logit = float(session.run([card["output"]["name"]], {card["input"]["name"]: pixels})[0][0, 0])
    probability = 1 / (1 + float(np.exp(-logit)))
    return {
        "logit": logit,
        "probability": probability,
        "predicted_class": card["classes"][int(probability >= card["threshold"])],
        "threshold": card["threshold"],
    }


@app.get("/readyz")
async def ready() -> dict:
    return {"status": "ready"}


@app.post("/predict")
async def predict(request: Request) -> dict:
    return await run_in_threadpool(classify, await request.body())
