//! Cameras that do not do what cameras do: they speak RTSP, and want something else opened.
#![cfg(target_os = "linux")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use obscura_tests::Bench;
use obscura_tests::run::finish;

use crate::live::redact;

/// A stream of GStreamer's own payload, which says by itself what it is.
const DESCRIPTION: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\na=control:*\r\nm=application 0 RTP/AVP 96\r\n\
                           c=IN IP4 0.0.0.0\r\na=rtpmap:96 X-GST/90000\r\na=control:stream=0\r\n";
const SOURCE: [u8; 4] = [0x11, 0x22, 0x33, 0x44];

/// A server on a free port; each connection is a thread's.
fn serve(answer: impl Fn(TcpStream) + Clone + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    start("listener", move || {
        for stream in listener.incoming() {
            let answer = answer.clone();
            start("connection", move || answer(stream.unwrap()));
        }
    });
    port
}

/// Goes on until the test has ended.
fn start(name: &str, work: impl FnOnce() + Send + 'static) {
    drop(thread::Builder::new().name(name.to_owned()).spawn(work).unwrap());
}

/// The next request, and its line with the number; `None` at the end.
fn asked(stream: &mut TcpStream) -> Option<(String, String)> {
    let (mut text, mut byte) = (Vec::new(), [0u8; 1]);
    while !text.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        text.push(byte[0]);
    }
    let text = String::from_utf8_lossy(&text).into_owned();
    let number = text.lines().find(|line| line.to_lowercase().starts_with("cseq"))?.to_owned();
    Some((text, number))
}

/// Packets of a channel inside the RTSP connection (RFC 2326, 10.12).
fn packet(channel: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    [&[b'$', channel][..], &u16::try_from(body.len()).unwrap().to_be_bytes(), &body].concat()
}

/// Serves a text of a kind as if it were a picture, and says goodbye.
fn send(stream: &mut TcpStream, kind: &str, text: &str) {
    let caps = [kind.as_bytes(), &[0]].concat();
    let body = [&[u8::try_from(caps.len()).unwrap()][..], &caps, text.as_bytes()].concat();
    let chunks: Vec<&[u8]> = body.chunks(60).collect();
    for (n, chunk) in chunks.iter().enumerate() {
        let (is_last, offset) = (n + 1 == chunks.len(), u32::try_from(n * 60).unwrap());
        let sequence = u16::try_from(n + 1).unwrap().to_be_bytes();
        let head = [0x80, if is_last { 0x80 | 96 } else { 96 }];
        // Flags: the caps stand in front of the data.
        let payload = [&[0x80, 0, 0, 0][..], &offset.to_be_bytes()].concat();
        stream.write_all(&packet(0, &[&head, &sequence, &[0; 4], &SOURCE, &payload, chunk])).unwrap();
    }
    thread::sleep(Duration::from_secs(1));
    let goodbye = packet(1, &[&[0x80, 201, 0, 1], &SOURCE, &[0x81, 203, 0, 1], &SOURCE]);
    stream.write_all(&goodbye).unwrap();
}

/// A playlist that a camera sends in the place of a picture would name any file of this machine.
#[test]
fn a_camera_cannot_have_other_files_read() {
    let bench = Bench::new();
    let other = bench.make(
        "other.ts",
        "-i {media}/single_face.mp4 -f lavfi -i sine=500 -map 0:v -map 1:a -t 2 -c:v libx264 -preset ultrafast -pix_fmt yuv420p \
         -c:a aac",
    );
    let list = format!(
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10.0,\nfile://{}\n\
         #EXT-X-ENDLIST\n",
        other.display()
    );
    let port = serve(move |mut stream| {
        while let Some((request, number)) = asked(&mut stream) {
            let more = match request.split(' ').next().unwrap_or_default() {
                "OPTIONS" => "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n\r\n".to_owned(),
                "DESCRIBE" => {
                    let length = DESCRIPTION.len();
                    format!("Content-Type: application/sdp\r\nContent-Length: {length}\r\n\r\n{DESCRIPTION}")
                }
                "SETUP" => {
                    "Session: 1234\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=11223344\r\n\r\n"
                        .to_owned()
                }
                _ => "Session: 1234\r\n\r\n".to_owned(),
            };
            if write!(stream, "RTSP/1.0 200 OK\r\n{number}\r\n{more}").is_err() {
                return;
            }
            if request.starts_with("PLAY") {
                send(&mut stream, "application/x-hls", &list);
            }
        }
    });
    let run = finish(&mut redact(&bench, &format!("rtsp://127.0.0.1:{port}/ward"), &["--for", "8"]));
    assert_ne!(run.code, Some(0), "{}", run.stderr);
    bench.assert_nothing_left();
}

/// The sheet is for one address: what that sends elsewhere is not followed.
#[test]
fn a_camera_cannot_send_to_another_one() {
    let bench = Bench::new();
    let second = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = second.local_addr().unwrap().port();
    let from = serve(move |mut stream| {
        if let Some((_, number)) = asked(&mut stream) {
            let location = format!("Location: rtsp://127.0.0.1:{to}/other");
            write!(stream, "RTSP/1.0 302 Moved\r\n{number}\r\n{location}\r\n\r\n").unwrap();
        }
    });
    let run = finish(&mut redact(&bench, &format!("rtsp://127.0.0.1:{from}/ward"), &["--for", "3"]));
    run.expect(5);
    bench.assert_nothing_left();
    second.set_nonblocking(true).unwrap();
    while let Ok((mut stream, _)) = second.accept() {
        stream.set_nonblocking(false).unwrap();
        assert_eq!(stream.read(&mut [0u8; 64]).unwrap(), 0, "nothing is asked of the other");
    }
}
