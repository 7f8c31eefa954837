//! Addresses of live sources: what is one, and what of it a consent sheet may know.

use std::fmt;

use crate::model::Sha256Digest;

/// Where a live picture comes from. It is never shown: an address may hold names and passwords.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    uri: String,
    kind: LiveKind,
}

/// The kinds of sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LiveKind {
    /// A camera or server that speaks RTSP; read over TCP, so that no packet is lost.
    Rtsp,
    /// MPEG-TS in UDP packets.
    Udp,
    /// A camera of this machine.
    Camera,
}

impl LiveKind {
    /// The name that a receipt uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rtsp => "rtsp",
            Self::Udp => "udp",
            Self::Camera => "v4l2",
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Address {
    /// Reads `rtsp://HOST…`, `rtsps://HOST…`, `udp://HOST:PORT` or `v4l2:/dev/video…` (also `/dev/v4l/…`); `None` where the
    /// words name a file, or no source that there could be.
    pub fn parse(text: &str) -> Option<Self> {
        let is = |scheme: &str| text.get(..scheme.len()).is_some_and(|it| it.eq_ignore_ascii_case(scheme));
        let (kind, uri) = if is("rtsp://") || is("rtsps://") {
            (LiveKind::Rtsp, text.to_owned())
        } else if is("udp://") {
            (LiveKind::Udp, text.to_owned())
        } else if is("v4l2:/dev/v") {
            (LiveKind::Camera, format!("v4l2://{}", text.get(5..)?))
        } else {
            return None;
        };
        let is_written_whole = !text.contains(|c: char| c.is_whitespace() || c.is_control());
        (is_written_whole && (kind == LiveKind::Camera || has_place(&uri, kind)))
            .then_some(Self { uri, kind })
    }

    /// What the framework opens.
    pub(super) fn uri(&self) -> &str {
        &self.uri
    }

    pub(super) fn kind(&self) -> LiveKind {
        self.kind
    }

    /// What a consent sheet binds to instead of a file's digest: that of the address, without who logs in.
    pub(super) fn digest(&self) -> Sha256Digest {
        let (scheme, rest) = self.uri.split_once("://").unwrap_or(("", &self.uri));
        let (host, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        // Recorders tell their cameras apart there, and some take passwords there, too.
        let told: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty() && !is_login(pair)).collect();
        let query = if told.is_empty() { String::new() } else { format!("?{}", told.join("&")) };
        Sha256Digest::of(
            format!("{}://{}{path}{query}", scheme.to_lowercase(), host.to_lowercase()).as_bytes(),
        )
    }
}

/// Whether an address names a host, and a port where there has to be one.
fn has_place(uri: &str, kind: LiveKind) -> bool {
    let rest = uri.split_once("://").map_or("", |(_, rest)| rest);
    let place = rest.split(['/', '?', '#']).next().unwrap_or("");
    let place = place.rsplit_once('@').map_or(place, |(_, place)| place);
    // An IPv6 address stands in brackets and has colons of its own.
    let end_of_host = place.rfind(']').map_or(0, |at| at + 1);
    let port = place.get(end_of_host..).and_then(|rest| rest.find(':')).map(|at| end_of_host + at);
    let (host, port) = port.map_or((place, None), |at| (place.get(..at).unwrap_or(""), place.get(at + 1..)));
    let is_port = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0);
    !host.is_empty() && port.map_or(kind != LiveKind::Udp, is_port)
}

/// Names under which cameras and recorders take a login in their addresses.
const LOGINS: [&str; 16] = [
    "user", "usr", "username", "login", "account", "pass", "passwd", "password", "pwd", "psw", "pw", "auth",
    "token", "key", "secret", "session",
];

fn is_login(pair: &str) -> bool {
    let name = pair.split('=').next().unwrap_or(pair).to_lowercase();
    LOGINS.contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_files() {
        for (text, kind) in [
            ("rtsp://10.0.0.5:554/stream1", LiveKind::Rtsp),
            ("RTSPS://cam.example/live", LiveKind::Rtsp),
            ("udp://0.0.0.0:5000", LiveKind::Udp),
            ("udp://[ff02::1]:5000", LiveKind::Udp),
            ("rtsp://ward:a@b:c@[fe80::1]/x", LiveKind::Rtsp),
            ("v4l2:/dev/video0", LiveKind::Camera),
            ("v4l2:/dev/v4l/by-id/usb-cam-index0", LiveKind::Camera),
        ] {
            assert_eq!(Address::parse(text).map(|address| address.kind()), Some(kind), "{text}");
        }
        assert_eq!(Address::parse("v4l2:/dev/video0").unwrap().uri, "v4l2:///dev/video0");
        for file in ["resus.mp4", "rtsp.mp4", "v4l2:/tmp/x", "http://example.org/a.mp4", "", "udp"] {
            assert_eq!(Address::parse(file), None, "{file}");
        }
        for nowhere in [
            "rtsp://",
            "rtsp:///live",
            "rtsp://cam:0/live",
            "rtsp://cam:99999/",
            "rtsp://x y/",
            "udp://127.0.0.1",
            "udp://:5000",
            "udp://127.0.0.1:99999",
            "udp://[ff02::1]",
            "v4l2:/dev/null",
        ] {
            assert_eq!(Address::parse(nowhere), None, "{nowhere}");
        }
    }

    #[test]
    fn who_logs_in_is_neither_shown_nor_part_of_the_digest() {
        let [with, without] = ["rtsp://ward:secret@Cam-3.example/s1?pw=secret", "rtsp://cam-3.example/s1"]
            .map(|text| Address::parse(text).unwrap());
        assert_eq!(with.digest(), without.digest());
        assert_ne!(with.digest(), Address::parse("rtsp://cam-3.example/s2").unwrap().digest());
        let [one, two, again] = [
            "rtsp://nvr.example/live?channel=1&user=ward&password=a",
            "rtsp://nvr.example/live?channel=2",
            "rtsp://nvr.example/live?channel=1",
        ]
        .map(|text| Address::parse(text).unwrap().digest());
        assert!(one == again && one != two, "recorders tell cameras apart by the query");
        assert_eq!(format!("{with:?}"), "Address { kind: Rtsp, .. }");
    }
}
