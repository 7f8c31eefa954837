//! Tests of what a file of tracks may say.

use super::*;
use crate::pipeline::tracks::testing::file_of;

fn refused(change: impl Fn(&mut TrackFile)) -> String {
    let mut file = file_of(3);
    change(&mut file);
    TrackFile::read(serde_json::to_vec(&file).unwrap().as_slice()).unwrap_err().to_string()
}

#[test]
fn a_file_reads_back_to_the_last_bit() {
    let mut file = file_of(3);
    file.tracks[0].boxes[1].ellipse =
        EllipsePx { cx: 0.1, cy: 1.0 / 3.0, rx: 7.654_321, ry: 1e-3, angle_rad: -2.7 };
    assert_eq!(TrackFile::read(serde_json::to_vec(&file).unwrap().as_slice()).unwrap(), file);
}

#[test]
fn what_cannot_be_is_refused_with_its_place() {
    assert!(
        refused(|f| f.tracks[0].boxes[1].frame = 0).contains("tracks[0].boxes[1]: pictures are not in order")
    );
    assert!(refused(|f| f.tracks[0].boxes[2].frame = 3).contains("tracks[0].boxes[2]"));
    assert!(refused(|f| f.tracks[0].boxes[0].ellipse.rx = 0.0).contains("the ellipse is not sound"));
    assert!(refused(|f| f.tracks[0].subject = Some(String::new())).contains("tracks[0].subject"));
    assert!(refused(|f| f.tracks.push(f.tracks[0].clone())).contains("tracks[1].id"));
    assert!(refused(|f| f.tracks[0].kind = TrackKind::Person).contains("tracks[0].kind"));
    let text = |f: &mut TrackFile| {
        f.tracks[0].id = TrackId::of(TrackKind::Text, 1);
        f.tracks[0].kind = TrackKind::Text;
        f.tracks[0].subject = Some("anna".to_owned());
    };
    assert!(refused(text).contains("text belongs to nobody"));
    let run = WholeFrames { from_frame: 1, to_frame: 3 };
    assert!(refused(|f| f.whole_frames.push(run)).contains("whole_frames[0]"));
    assert!(refused(|f| f.format = "obscura-tracks/9".to_owned()).contains("`obscura-tracks/9`"));
}

#[test]
fn an_unknown_key_is_refused() {
    let text = serde_json::to_string(&file_of(1)).unwrap().replacen("\"subject\"", "\"subjct\"", 1);
    assert!(TrackFile::read(text.as_bytes()).unwrap_err().to_string().contains("subjct"));
    for other in ["format: obscura-tracks/1\n", "", "{\"format\": \"obscura-tracks/1\","] {
        let error = TrackFile::read(other.as_bytes()).unwrap_err().to_string();
        assert!(error.contains("it is not JSON, or not all of it (line "), "{error}");
    }
}
