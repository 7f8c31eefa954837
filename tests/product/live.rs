//! Live sources: a real RTSP server on this machine, fed from a clip, and packets of a transport stream.
#![cfg(target_os = "linux")]

use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use gstreamer::glib;
use gstreamer_rtsp_server::prelude::*;
use gstreamer_rtsp_server::{RTSPMediaFactory, RTSPServer};
use obscura_tests::pixels::{Area, detail, gray, leaks};
use obscura_tests::run::{signal, wait_until};
use obscura_tests::{Bench, Run, media, probe, sheet};

/// How long a run over a few seconds of a source may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server on a free port, until it is dropped.
struct Server {
    address: String,
    main_loop: glib::MainLoop,
    thread: Option<thread::JoinHandle<()>>,
}

impl Server {
    /// Shows a clip of H.264 and AAC, once, to whoever comes, at its own pace.
    fn of(clip: &Path) -> Self {
        gstreamer::init().unwrap();
        let launch = format!(
            "( filesrc location={} ! qtdemux name=d d.video_0 ! queue ! h264parse ! rtph264pay name=pay0 pt=96 config-interval=1 \
             d.audio_0 ! queue ! aacparse ! rtpmp4gpay name=pay1 pt=97 )",
            clip.display()
        );
        let context = glib::MainContext::new();
        let main_loop = glib::MainLoop::new(Some(&context), false);
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        let inner = main_loop.clone();
        let serve = move || {
            context
                .with_thread_default(|| {
                    let server = RTSPServer::new();
                    server.set_address("127.0.0.1");
                    server.set_service("0");
                    let factory = RTSPMediaFactory::new();
                    factory.set_launch(&launch);
                    server.mount_points().unwrap().add_factory("/ward", factory);
                    server.attach(Some(&context)).unwrap();
                    tell.send(server.bound_port()).unwrap();
                    inner.run();
                })
                .unwrap();
        };
        let thread = thread::Builder::new().name("rtsp server".to_owned()).spawn(serve).unwrap();
        let port = told.recv_timeout(PATIENCE).unwrap();
        Self {
            address: format!("rtsp://nurse:secret@127.0.0.1:{port}/ward"),
            main_loop,
            thread: Some(thread),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.main_loop.quit();
        self.thread.take().map(thread::JoinHandle::join);
    }
}

/// A man who talks, for ten seconds, with sound.
fn clip(bench: &Bench) -> PathBuf {
    bench.make(
        "ward.mp4",
        "-stream_loop 4 -i {media}/single_face.mp4 -t 10 -c:v libx264 -preset ultrafast -g 15 -bf 0 -pix_fmt yuv420p -c:a aac \
         -ar 48000",
    )
}

/// `obscura redact` of a live source under a sheet for it, ready to run.
pub(crate) fn redact(bench: &Bench, address: &str, extra: &[&str]) -> Command {
    let template = obscura_tests::run::finish(bench.obscura().args(["sheet", "new", address])).expect(0);
    let is_digest = |word: &&str| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let digest = template.stdout.split(|c: char| !c.is_ascii_alphanumeric()).find(is_digest);
    let sheet = sheet::Sheet::permitting_digest(digest.unwrap());
    bench.command(Path::new(address), &sheet, extra)
}

fn start(command: &mut Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn finish(child: Child) -> Run {
    Run::from(child.wait_with_output().unwrap())
}

/// The length of a stream of the result, in seconds.
fn seconds(bench: &Bench, kind: &str) -> f64 {
    let file = probe::file(&bench.output());
    probe::streams(&file, kind)[0]["duration"].as_str().unwrap().parse().unwrap()
}

#[test]
fn a_camera_is_recorded_with_every_face_hidden_and_its_voice_disguised() {
    let bench = Bench::new();
    let clip = clip(&bench);
    let server = Server::of(&clip);
    let run = obscura_tests::run::finish(&mut redact(&bench, &server.address, &["--for", "5"])).expect(0);
    for told in [&run.stderr, &bench.receipt_text()] {
        assert!(!told.contains("secret") && !told.contains("127.0.0.1") && !told.contains("ward"), "{told}");
    }
    let (picture, sound) = (seconds(&bench, "video"), seconds(&bench, "audio"));
    assert!((3.0..6.5).contains(&picture) && (sound - picture).abs() < 0.6, "{picture} s, sound {sound} s");
    let receipt = bench.receipt();
    assert_eq!(receipt["render"]["first_pts"], 0);
    assert_eq!(receipt["render"]["container"], "rtsp");
    let frames = receipt["render"]["frames_out"].as_u64().unwrap();
    assert!(frames as f64 > 24.0 * picture, "{frames} pictures in {picture} s");
    assert_eq!(receipt["render"]["sound"]["channels"].as_u64(), Some(2));
    // Which of the clip's pictures the source began with, nobody knows; so each is compared with all of them. The door
    // behind the man shows that the right one is among them.
    let shown = |area: Area| {
        let detail_of = |picture: Vec<f32>| detail(&picture, area.width);
        let before: Vec<_> = gray(&clip, area).into_iter().map(detail_of).collect();
        let after = gray(&bench.output(), area).into_iter().step_by(7).map(detail_of);
        after.map(|after| before.iter().any(|before| leaks(before, &after))).collect::<Vec<_>>()
    };
    let (faces, doors) = (shown(Area::new(220, 100, 150, 160)), shown(Area::new(430, 20, 90, 130)));
    assert!(!faces.contains(&true), "{faces:?}");
    // What is found for a moment is hidden for a second where the clip begins again, and may lie there.
    assert!(doors.iter().filter(|is_shown| **is_shown).count() * 4 >= doors.len() * 3, "{doors:?}");
}

#[test]
fn whoever_stops_a_source_keeps_what_came() {
    let bench = Bench::new();
    let server = Server::of(&clip(&bench));
    let mut child = start(&mut redact(&bench, &server.address, &[]));
    let began = Instant::now();
    wait_until(&mut child, PATIENCE, || began.elapsed() > Duration::from_secs(4));
    signal(&child, "-INT");
    finish(child).expect(0);
    assert!((1.0..5.0).contains(&seconds(&bench, "video")));
}

#[test]
fn whoever_stops_the_self_check_of_a_source_that_has_ended_is_heard() {
    let bench = Bench::new();
    let server = Server::of(&clip(&bench));
    let mut child = start(&mut redact(&bench, &server.address, &["--for", "4"]));
    wait_for_thread(&mut child, "search");
    signal(&child, "-INT");
    finish(child).refused(8, &["interrupted"]);
    bench.assert_nothing_left();
}

#[test]
fn whoever_stops_a_source_of_which_nothing_has_come_has_interrupted_the_run() {
    let bench = Bench::new();
    let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut child = start(&mut redact(&bench, &format!("udp://127.0.0.1:{port}"), &["--for", "60"]));
    wait_for_thread(&mut child, "networks");
    signal(&child, "-INT");
    finish(child).refused(8, &["interrupted"]);
    bench.assert_nothing_left();
}

/// Waits until a run has a thread of a name: a part of its work has begun.
fn wait_for_thread(child: &mut Child, name: &str) {
    let threads = PathBuf::from(format!("/proc/{}/task", child.id()));
    wait_until(child, PATIENCE, || {
        let threads = std::fs::read_dir(&threads).into_iter().flatten().flatten();
        let mut names = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("comm")).ok());
        names.any(|found| found.trim_end() == name)
    });
}

#[test]
fn a_source_that_ends_has_ended() {
    let bench = Bench::new();
    let clip = bench.make("short.mp4", "-i {media}/single_face.mp4 -t 2 -c:v libx264 -g 10 -bf 0 -c:a aac");
    let server = Server::of(&clip);
    obscura_tests::run::finish(&mut redact(&bench, &server.address, &[])).expect(0);
    assert!((1.2..2.6).contains(&seconds(&bench, "video")), "{}", seconds(&bench, "video"));
}

#[test]
fn what_cannot_be_searched_in_time_is_hidden_whole() {
    let bench = Bench::new();
    let server = Server::of(&clip(&bench));
    let options = ["--for", "8", "--search", "thorough", "--arithmetic", "float"];
    obscura_tests::run::finish(&mut redact(&bench, &server.address, &options)).expect(0);
    let receipt = bench.receipt();
    let count = |key: &str| receipt["render"][key].as_u64().unwrap();
    assert!(count("frames_late") > 20, "{}", receipt["render"]);
    assert!(count("frames_out") > 50, "{}", receipt["render"]);
    let reasons = receipt["render"]["tracks"]["uncertain"].as_array().unwrap();
    assert!(reasons.iter().any(|span| span["reason"] == "late"), "{reasons:?}");
}

#[test]
fn a_face_that_the_self_check_finds_is_hidden_in_what_was_recorded() {
    let Some(data) = media::test_data("a_face_that_the_self_check_finds_is_hidden_in_what_was_recorded")
    else {
        return;
    };
    let bench = Bench::new();
    // Upside down, small and still: a search in one direction loses a face that the self-check finds, in whichever
    // pictures were searched in time.
    let scene = data.join("media/scenes/upright.mp4").display().to_string();
    let still = "hflip,vflip,scale=640:360,trim=start_frame=80,setpts=PTS-STARTPTS,loop=-1:1:0";
    let args = format!(
        "-i {scene} -vf {still} -t 5 -c:v libx264 -preset veryfast -g 15 -bf 0 -pix_fmt yuv420p -c:a aac"
    );
    let server = Server::of(&bench.make("upside_down.mp4", &args));
    let options = ["--for", "5", "--search", "upright", "--heads", "off"];
    obscura_tests::run::finish(&mut redact(&bench, &server.address, &options)).expect(0);
    let receipt = bench.receipt();
    assert!(receipt["rounds"].as_u64().unwrap() > 1, "nothing was left to find");
    assert!(receipt["render"]["masks_from_self_check"].as_u64().unwrap() > 0);
    assert_eq!(receipt["settings"]["voice"], "disguise");
    let (picture, sound) = (seconds(&bench, "video"), seconds(&bench, "audio"));
    assert!(picture > 2.0 && (sound - picture).abs() < 0.6, "{picture} s, sound {sound} s");
}

#[test]
fn packets_of_a_transport_stream_are_taken() {
    let bench = Bench::new();
    let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("udp://127.0.0.1:{port}");
    let child = start(&mut redact(&bench, &address, &["--for", "6"]));
    let mut words = media::words("-re -i");
    words.push(clip(&bench).into());
    words.extend(media::words("-c copy -f mpegts"));
    words.push(format!("{address}?pkt_size=1316").into());
    media::ffmpeg(words);
    finish(child).expect(0);
    assert!((2.0..7.0).contains(&seconds(&bench, "video")), "{}", seconds(&bench, "video"));
}

#[test]
fn a_sheet_for_another_source_permits_nothing_and_a_missing_source_is_named() {
    let bench = Bench::new();
    let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("rtsp://127.0.0.1:{port}/ward");
    let other = redact(&bench, &format!("rtsp://127.0.0.1:{port}/theatre"), &[]);
    drop(other);
    let mut command = bench.obscura();
    command.args(["redact", &address, "--purpose", "HQUALIMP", "--sheet"]).arg(bench.path("sheet.yaml"));
    obscura_tests::run::finish(command.arg("-o").arg(bench.output())).refused(3, &["denied"]);
    bench.assert_nothing_left();
    let run = obscura_tests::run::finish(&mut redact(&bench, &address, &["--for", "5"]));
    let run = run.refused(5, &["live source"]);
    assert!(!run.stderr.contains("127.0.0.1"), "{}", run.stderr);
    bench.assert_nothing_left();
}
