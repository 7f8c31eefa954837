"""people.py heads CLIP NANODET.onnx FLAGGED.json HIDDEN.json | people.py share CLIP FROM_SECONDS TRACKS.json

Counts what the tracks of `obscura analyze` hide, as JSON. `heads`: of people from behind, whose boxes another program of the same
network finds (every pass upright, score 0.5, ONNX Runtime for Python); and of the pictures that show nobody.
"""
import json
import sys

import cv2
import numpy as np

SIDE, EVERY, SURE, MAYBE, LEAST = 416, 8, 0.5, 0.22, 0.15
# A picture shows nobody where no cell of 24 x 24 pixels differs by as much from the median of those in which nobody is found. A
# window of the clip scores up to 0.2.
CELL, LEVELS = 24, 30
# The head, by the box of the person: 5 % wider, from 8 % above it.
WIDER, ABOVE = 0.05, 0.08


def pictures(clip):
    video = cv2.VideoCapture(clip)
    while True:
        there, picture = video.read()
        if not there:
            return
        yield picture


def hidden(boxes, size):
    """The masks of one picture: ellipses for faces, turned rectangles for the others."""
    width, height = size
    y, x = np.mgrid[0:height:4, 0:width:4]
    mask = np.zeros(x.shape, bool)
    for kind, e in boxes:
        sin, cos = np.sin(e["angle_rad"]), np.cos(e["angle_rad"])
        u, v = ((x - e["cx"]) * cos + (y - e["cy"]) * sin) / e["rx"], ((y - e["cy"]) * cos - (x - e["cx"]) * sin) / e["ry"]
        mask |= (u * u + v * v <= 1) if kind == "face" else (np.maximum(abs(u), abs(v)) <= 1)
    return mask


class Tracks:
    def __init__(self, path):
        file = json.load(open(path))
        self.size, self.pts, self.uncertain = file["size_px"], file["pts_nanos"], file["uncertain"]
        self.boxes = [[] for _ in self.pts]
        for track in file["tracks"]:
            for box in track["boxes"]:
                self.boxes[box["frame"]].append((track["kind"], box["ellipse"]))
        self.whole = set()
        for run in file["whole_frames"]:
            self.whole.update(range(run["from_frame"], run["to_frame"] + 1))

    def mask(self, frame):
        return hidden(self.boxes[frame], self.size) | (frame in self.whole)

    def flags_a_head(self, frame):
        at = self.pts[frame]
        return any(span["reason"] == "head_without_face" and span["from"] <= at <= span["to"] for span in self.uncertain)


def people(session, picture):
    height, width = picture.shape[:2]
    scale = SIDE / max(width, height)
    canvas = np.zeros((SIDE, SIDE, 3), np.float32)
    small = cv2.resize(picture, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA)
    canvas[: small.shape[0], : small.shape[1]] = small
    normal = (canvas - [103.53, 116.28, 123.675]) / [57.375, 57.12, 58.395]
    names = ["Identity", "Identity_1", "Identity_2", "Identity_3", "Identity_4", "Identity_5"]
    out = session.run(names, {session.get_inputs()[0].name: normal.transpose(2, 0, 1)[None].astype(np.float32)})
    boxes, scores = [], []
    for scores_of, sides_of, stride in zip(out[:3], out[3:], (8, 16, 32)):
        score, sides = scores_of[0, :, 0], sides_of[0].reshape(-1, 4, 11)
        even = np.exp(sides - sides.max(-1, keepdims=True))
        reach = (even / even.sum(-1, keepdims=True) @ np.arange(11)) * stride
        for cell in np.flatnonzero(score >= LEAST):
            x, y = (cell % (SIDE // stride) + 0.5) * stride, (cell // (SIDE // stride) + 0.5) * stride
            left, top, right, bottom = reach[cell]
            boxes.append([(x - left) / scale, (y - top) / scale, (left + right) / scale, (top + bottom) / scale])
            scores.append(float(score[cell]))
    kept = cv2.dnn.NMSBoxes(boxes, scores, LEAST, 0.6) if boxes else []
    return [(boxes[n], scores[n]) for n in np.array(kept).flatten()]


def strip(box, size):
    """The head of a person of this box, as rows and columns of a mask."""
    x, y, width, height = box
    down = min(height, max(0.22 * height, 0.75 * width))
    rows = slice(int(max(y - ABOVE * height, 0) / 4), int(min(y - ABOVE * height + down, size[1]) / 4) + 1)
    return rows, slice(int(max(x - WIDER * width, 0) / 4), int(min(x + (1 + WIDER) * width, size[0]) / 4) + 1)


def heads(clip, network, flagged, hidden_too):
    import onnxruntime as ort

    session = ort.InferenceSession(network, providers=["CPUExecutionProvider"])
    flagged, found = Tracks(flagged), Tracks(hidden_too)
    cells = []
    for picture in pictures(clip):
        gray = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        cells.append(cv2.resize(gray, (gray.shape[1] // CELL, gray.shape[0] // CELL), interpolation=cv2.INTER_AREA))
    seen = {frame: people(session, picture) for frame, picture in enumerate(pictures(clip)) if frame % EVERY == 0}
    nobody = [frame for frame, found in seen.items() if all(score < MAYBE for _, score in found)]
    room = np.median(np.array([cells[frame] for frame in nobody]), axis=0)
    count = dict(pictures=len(cells), nobody=len(nobody), looked=0, with_people=0, heads=0, heads_hidden=0, pictures_hidden=0, empty=0, empty_masked=0, empty_flagged=0)
    for frame in range(len(cells)):
        if np.abs(cells[frame] - room).max() < LEVELS:
            count["empty"] += 1
            count["empty_masked"] += bool(found.mask(frame).any())
            count["empty_flagged"] += flagged.flags_a_head(frame)
        elif frame % EVERY == 0:
            count["looked"] += 1
            sure = [box for box, score in seen[frame] if score >= SURE]
            shares = [found.mask(frame)[strip(box, found.size)].mean() for box in sure]
            good = sum(share >= 0.9 for share in shares)
            count["heads"] += len(shares)
            count["heads_hidden"] += good
            count["with_people"] += bool(shares)
            count["pictures_hidden"] += bool(shares) and good == len(shares)
    count["share"] = float(np.mean([flagged.mask(frame).mean() for frame in range(len(flagged.pts))]))
    count["share_hide"] = float(np.mean([found.mask(frame).mean() for frame in range(len(found.pts))]))
    print(json.dumps(count, default=float))


def share(clip, start, tracks):
    tracks = Tracks(tracks)
    shares = [tracks.mask(frame).mean() for frame, at in enumerate(tracks.pts) if at >= float(start) * 1e9]
    flags = sum(tracks.flags_a_head(frame) for frame, at in enumerate(tracks.pts) if at >= float(start) * 1e9)
    print(json.dumps(dict(pictures=len(shares), share=float(np.mean(shares)), flagged=flags)))


{"heads": heads, "share": share}[sys.argv[1]](*sys.argv[2:])
