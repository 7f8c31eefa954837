"""Measures the values inside CenterFace, so that the product can calculate it in whole numbers of 8 bits.

usage: calibrate.py CENTERFACE.onnx PHOTOGRAPHS OUT.toml

For each tensor that is written in 8 bits, OUT holds the range of its values and a factor for each of its channels, which evens
the channels out (see crates/core/src/detect/onnx/equalise.rs).
"""
import glob
import os
import sys

import cv2
import numpy as np
import onnx
import onnxruntime as ort

EVERY = 10
# A channel is brought this far towards the strongest one (1 would be all the way), by at most 2 to the 4th.
EVENNESS, MOST_OCTAVES = 0.7, 4
DIGITS = "0123456789abcdefg"


def free(path):
    """The model as shipped, without the fixed sizes and with its weights as constants."""
    model = onnx.load(path)
    graph = model.graph
    weights = {tensor.name for tensor in graph.initializer}
    pictures = [value for value in graph.input if value.name not in weights]
    del graph.input[:], graph.value_info[:]
    graph.input.extend(pictures)
    for value in list(graph.input) + list(graph.output):
        for axis, name in ((0, "n"), (2, value.name + "h"), (3, value.name + "w")):
            value.type.tensor_type.shape.dim[axis].dim_param = name
    return model


def chosen(graph):
    """Tensors that are written in 8 bits, and for each the first of those that share its factors."""
    readers = {}
    for node in graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    parent = {}

    def root(name):
        while parent.setdefault(name, name) != name:
            name = parent[name]
        return name

    tensors = []
    for node in graph.node:
        name = node.output[0]
        if node.op_type == "Relu":
            parent[root(node.input[0])] = root(name)
        elif node.op_type == "Add":
            for term in node.input:
                parent[root(term)] = root(name)
        followers = {reader.op_type for reader in readers.get(name, [])}
        if followers - {"Relu", "BatchNormalization", "Sigmoid"}:
            tensors.append(name)
    return tensors, {name: root(name) for name in tensors}


def pictures(folder):
    """Photographs in the network's form, every second one turned."""
    for place, path in enumerate(sorted(glob.glob(os.path.join(folder, "*")))[::EVERY]):
        photograph = cv2.imread(path)
        height, width = photograph.shape[:2]
        scale = min(640 / width, 360 / height)
        small = cv2.resize(photograph, (int(width * scale), int(height * scale)), interpolation=cv2.INTER_AREA)
        canvas = np.zeros((384, 640, 3), np.uint8)
        canvas[: small.shape[0], : small.shape[1]] = small
        rgb = canvas[:, :, ::-1].transpose(2, 0, 1)[None].astype(np.float32)
        yield np.ascontiguousarray(np.rot90(rgb, place // 2 % 3 + 1, (2, 3)) if place % 2 else rgb)


def main(model_path, folder, out):
    model = free(model_path)
    tensors, group = chosen(model.graph)
    known = {value.name for value in model.graph.output}
    for name in tensors:
        if name not in known:
            model.graph.output.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    look = lambda picture: zip(tensors, session.run(tensors, {"input.1": picture}))

    reach = {}
    for picture in pictures(folder):
        for name, values in look(picture):
            channels = values[0].reshape(values.shape[1], -1)
            ends = np.abs(np.percentile(channels, [0.05, 99.95], axis=1)).max(0)
            reach.setdefault(name, []).append(ends)
    together = {}
    for name in tensors:
        own = np.mean(reach[name], 0)
        together[group[name]] = np.maximum(together.get(group[name], 0), own)
    steps = {}
    for name, ends in together.items():
        octaves = EVENNESS * np.log2(ends.max() / np.maximum(ends, 1e-6))
        steps[name] = np.clip(np.round(4 * octaves), 0, 4 * MOST_OCTAVES).astype(int)

    ranges = {}
    for picture in pictures(folder):
        for name, values in look(picture):
            even = values * 2.0 ** (steps[group[name]] / 4)[None, :, None, None]
            low, high = np.percentile(even, [0.001, 99.999])
            old = ranges.get(name, (0.0, 0.0))
            ranges[name] = (min(low, old[0]), max(high, old[1]))
    with open(out, "w", encoding="utf-8") as file:
        file.write("# Written by `cargo xtask quality calibrate`: see benches/src/faces/calibrate.py.\n")
        for name in tensors:
            factors = "".join(DIGITS[step] for step in steps[group[name]])
            low, high = ranges[name]
            file.write(f'\n[[tensor]]\nname = "{name}"\nlow = {low:.4f}\nhigh = {high:.4f}\nfactors = "{factors}"\n')


main(*sys.argv[1:])
