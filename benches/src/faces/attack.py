"""attack.py CLEAR HIDDEN: how often dlib's recogniser names the person behind a mask, as JSON.

Both folders hold recordings of one face each, named PERSON@PHOTOGRAPH.mp4. The face is found and aligned in the clear
recording, which is more than an attacker has.
"""
import json
import pathlib
import sys

import cv2
import dlib
import face_recognition_models as models
import numpy

landmarks = dlib.shape_predictor(models.pose_predictor_five_point_model_location())
recogniser = dlib.face_recognition_model_v1(models.face_recognition_model_location())
fast = dlib.get_frontal_face_detector()
sure = dlib.cnn_face_detection_model_v1(models.cnn_face_detector_model_location())


def pictures(path):
    video = cv2.VideoCapture(str(path))
    while True:
        there, picture = video.read()
        if not there:
            return
        yield cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


def face(picture):
    found = list(fast(picture, 1)) or [hit.rect for hit in sure(picture, 0)]
    return landmarks(picture, max(found, key=lambda box: box.area())) if found else None


def aligned(picture, shape):
    return dlib.get_face_chip(picture, shape, size=150, padding=0.25)


def described(chip):
    return numpy.array(recogniser.compute_face_descriptor(chip))


def first_rank(gallery, probes, people):
    right = 0
    for i, probe in enumerate(probes):
        far = [numpy.inf if i == j else numpy.linalg.norm(probe - known) for j, known in enumerate(gallery)]
        right += people[int(numpy.argmin(far))] == people[i]
    return right / len(probes)


def main(clear_folder, hidden_folder):
    people, clear, hidden, mean = [], [], [], []
    for path in sorted(pathlib.Path(clear_folder).glob("*@*.mp4")):
        before, after = list(pictures(path)), list(pictures(pathlib.Path(hidden_folder) / path.name))
        shapes = [face(picture) for picture in before]
        if len(before) != len(after) or not all(shapes):
            continue
        chips = [aligned(picture, shape) for picture, shape in zip(after, shapes)]
        middle = len(chips) // 2
        people.append(path.name.split("@")[0])
        clear.append(described(aligned(before[middle], shapes[middle])))
        hidden.append(described(chips[middle]))
        mean.append(described(numpy.mean(numpy.array(chips, float), 0).round().astype(numpy.uint8)))
    print(json.dumps({
        "photographs": len(people),
        "chance": float(numpy.mean([(people.count(one) - 1) / (len(people) - 1) for one in people])),
        "clear": first_rank(clear, hidden, people),
        "hidden": first_rank(hidden, hidden, people),
        "mean_clear": first_rank(clear, mean, people),
        "mean_hidden": first_rank(mean, mean, people),
    }))


main(*sys.argv[1:3])
