"""Peer of the inference benchmark: loads an exported graph with onnxruntime or PyTorch and measures it. Prints JSON."""
import json
import sys
import time

import numpy as np

# Measured runs for each number of images. Up to 20 runs before them are not counted.
REPEATS = {1: 100, 8: 8, 64: 3}


def with_onnxruntime(path, threads):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda pixels: session.run(["logit"], {"pixels": pixels}), f"onnxruntime {onnxruntime.__version__}"


def with_pytorch(path, threads):
    """The same weights as a chain of nn.Linear and ReLU on float pixels, as the graph has them."""
    import onnx
    import torch

    torch.set_num_threads(threads)
    graph = onnx.load(path).graph
    weights = {tensor.name: tensor for tensor in graph.initializer}
    layers = [torch.nn.Flatten()]
    for node in graph.node:
        if node.op_type == "Relu":
            layers.append(torch.nn.ReLU())
        if node.op_type == "Gemm":
            kernel, bias = (torch.from_numpy(onnx.numpy_helper.to_array(weights[name]).copy()) for name in node.input[1:])
            linear = torch.nn.Linear(*kernel.shape, device="meta")
            linear.weight = torch.nn.Parameter(kernel.T.contiguous(), requires_grad=False)
            linear.bias = torch.nn.Parameter(bias, requires_grad=False)
            layers.append(linear)
    network = torch.nn.Sequential(*layers).eval()
    del graph, weights

    def predict(pixels):
        with torch.inference_mode():
            return network(torch.from_numpy(pixels).float())

    return predict, f"PyTorch {torch.__version__}"


def resident_bytes():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS"))


def median_seconds(predict, size, count):
    pixels = np.random.default_rng(0).integers(0, 256, (count, size, size, 3), dtype=np.uint8)
    for _ in range(min(20, REPEATS[count])):
        predict(pixels)
    times = []
    for _ in range(REPEATS[count]):
        started = time.perf_counter()
        predict(pixels)
        times.append(time.perf_counter() - started)
    return float(np.median(times))


def copy_bandwidth():
    """Bytes a second that a plain copy reads and writes."""
    source = np.ones(50_000_000, np.float32)
    target = np.empty_like(source)
    times = []
    for _ in range(5):
        started = time.perf_counter()
        np.copyto(target, source)
        times.append(time.perf_counter() - started)
    return 2 * source.nbytes / min(times)


if sys.argv[1] == "bandwidth":
    print(json.dumps({"bytesPerSecond": copy_bandwidth()}))
else:
    loader = {"onnxruntime": with_onnxruntime, "pytorch": with_pytorch}[sys.argv[1]]
    began = time.perf_counter()
    run, name = loader(sys.argv[2], int(sys.argv[3]))
    load = time.perf_counter() - began
    edge = int(sys.argv[4])
    one = median_seconds(run, edge, 1)
    memory = resident_bytes()
    eight, many = median_seconds(run, edge, 8), median_seconds(run, edge, 64)
    rates = {"batch1": 1 / one, "batch8": 8 / eight, "batch64": 64 / many}
    times = {"loadSeconds": load, "p50Seconds": one, "imagesPerSecond": rates, "memoryBytes": memory}
    print(json.dumps({"name": name, **times}))
