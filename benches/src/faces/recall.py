"""recall.py make NOTES.xml DEGREES CLIP.mp4 | recall.py count MASKS DEGREES FOLDER

Makes a recording of three pictures out of an annotated photograph, turned and fitted into 640x360; counts the annotated faces
that the masks of FOLDER/*.json cover, as JSON.
"""
import json
import math
import pathlib
import subprocess
import sys
import xml.etree.ElementTree as xml

import cv2
import numpy

WIDTH, HEIGHT = 640, 360


def placed(note, degrees):
    """The turned picture; centre, width and height of each face in it."""
    note = pathlib.Path(note)
    images = note.parent.parent / "images"
    photograph = cv2.imread(str(next(images.glob(note.stem + ".*"))))
    boxes = [[float(o.find("bndbox").find(k).text) for k in ("xmin", "ymin", "xmax", "ymax")]
             for o in xml.parse(note).getroot().iter("object")]
    height, width = photograph.shape[:2]
    sin, cos = abs(math.sin(math.radians(degrees))), abs(math.cos(math.radians(degrees)))
    scale = min(WIDTH / (width * cos + height * sin), HEIGHT / (width * sin + height * cos))
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, scale)
    turn[:, 2] += [WIDTH / 2 - width / 2, HEIGHT / 2 - height / 2]
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    faces = [(turn @ [(x0 + x1) / 2, (y0 + y1) / 2, 1], (x1 - x0) * scale, (y1 - y0) * scale) for x0, y0, x1, y1 in boxes]
    return cv2.warpAffine(photograph, turn, (WIDTH, HEIGHT), flags=way), faces


def make(note, degrees, clip):
    picture, _ = placed(note, float(degrees))
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "bgr24", "-s", f"{WIDTH}x{HEIGHT}", "-r", "5", "-i", "-",
         "-c:v", "libx264", "-preset", "veryfast", "-crf", "8", "-pix_fmt", "yuv420p", clip],
        input=picture.tobytes() * 3, check=True)


def covered(face, degrees, ellipses):
    (cx, cy), width, height = face
    sin, cos = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
    steps = (numpy.arange(16) + 0.5) / 16 - 0.5
    u, v = numpy.meshgrid(steps * width, steps * height)
    x, y = cx + u * cos - v * sin, cy + u * sin + v * cos
    hidden = numpy.zeros(x.shape, bool)
    for e in ellipses:
        sin_e, cos_e = math.sin(e["angle_rad"]), math.cos(e["angle_rad"])
        dx, dy = x - e["cx"], y - e["cy"]
        hidden |= ((dx * cos_e + dy * sin_e) / e["rx"]) ** 2 + ((dy * cos_e - dx * sin_e) / e["ry"]) ** 2 <= 1
    return hidden.mean()


def is_on(ellipse, face):
    (cx, cy), width, height = face
    reach = 0.7 * max(width, height)
    return abs(ellipse["cx"] - cx) < reach and abs(ellipse["cy"] - cy) < reach


def count(masks, degrees, folder):
    degrees = float(degrees)
    sums = dict(photographs=0, faces=0, found=0, large=0, large_found=0, beside=0)
    for path in sorted(pathlib.Path(folder).glob("*.json")):
        note = next(pathlib.Path(masks).rglob(path.stem + ".xml"))
        _, faces = placed(note, degrees)
        tracks = json.loads(path.read_text())["tracks"]
        ellipses = [box["ellipse"] for track in tracks for box in track["boxes"] if box["frame"] == 1]
        sums["photographs"] += 1
        for face in faces:
            found, large = covered(face, degrees, ellipses) >= 0.6, math.sqrt(face[1] * face[2]) >= 32
            sums["faces"] += 1
            sums["found"] += int(found)
            sums["large"] += int(large)
            sums["large_found"] += int(large and found)
        sums["beside"] += sum(not any(is_on(ellipse, face) for face in faces) for ellipse in ellipses)
    print(json.dumps(sums))


{"make": make, "count": count}[sys.argv[1]](*sys.argv[2:])
