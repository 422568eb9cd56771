//! Listeners, connections, and the faults that concern the connection.

use std::io::{self, BufReader, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use crate::config::Config;
use crate::fault::{Fault, Faults};
use crate::limits::Limits;
use crate::record::{Place, Record, Ticket};
use crate::state::State;
use crate::wire::{self, Head, Incoming, Reply};
use crate::{control, json, route};

/// How long a silent server is silent.
const SILENCE: Duration = Duration::from_secs(120);

/// What all connections share.
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) bases: Bases,
    pub(crate) state: Mutex<State>,
    pub(crate) record: Mutex<Record>,
    pub(crate) faults: Mutex<Faults>,
    pub(crate) limits: Mutex<Limits>,
    closing: AtomicBool,
    connections: Mutex<Vec<Weak<TcpStream>>>,
}

/// Where each origin is, without a final slash.
#[derive(Clone)]
pub(crate) struct Bases {
    pub(crate) api: String,
    pub(crate) uploads: String,
    pub(crate) web: String,
    pub(crate) storage: String,
}

pub(crate) fn start(config: Config) -> (Arc<Shared>, Vec<SocketAddr>) {
    let listen = |port: u16| TcpListener::bind(("127.0.0.1", port)).expect("a free port on loopback");
    let main = listen(config.port);
    let url = |listener: &TcpListener| format!("http://{}", listener.local_addr().expect("a bound socket"));
    let storage = listen(0);
    let mut listeners = vec![(Place::Storage, storage)];
    let bases = if config.enterprise {
        let base = url(&main);
        Bases {
            api: format!("{base}/api/v3"),
            uploads: format!("{base}/api/uploads"),
            web: base,
            storage: url(&listeners[0].1),
        }
    } else {
        let (uploads, web) = (listen(0), listen(0));
        let bases =
            Bases { api: url(&main), uploads: url(&uploads), web: url(&web), storage: url(&listeners[0].1) };
        listeners.extend([(Place::Uploads, uploads), (Place::Web, web)]);
        bases
    };
    listeners.push((Place::Api, main));
    let shared = Arc::new(Shared {
        state: Mutex::new(State::new(&config)),
        record: Mutex::default(),
        faults: Mutex::default(),
        limits: Mutex::new(Limits::new(config.limit)),
        closing: AtomicBool::new(false),
        connections: Mutex::default(),
        config,
        bases,
    });
    let addresses =
        listeners.iter().map(|(_, listener)| listener.local_addr().expect("a bound socket")).collect();
    for (place, listener) in listeners {
        let shared = Arc::clone(&shared);
        std::thread::spawn(move || accept(&shared, place, &listener));
    }
    (shared, addresses)
}

fn accept(shared: &Arc<Shared>, place: Place, listener: &TcpListener) {
    for stream in listener.incoming() {
        if shared.closing.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        let (shared, stream) = (Arc::clone(shared), Arc::new(stream));
        let mut connections = shared.connections.lock().unwrap();
        connections.retain(|known| known.strong_count() > 0);
        connections.push(Arc::downgrade(&stream));
        drop(connections);
        std::thread::spawn(move || {
            // An error is the client's leaving or a fault's cut; both end the connection.
            let _ = serve(&shared, place, &stream);
            let _ = stream.shutdown(Shutdown::Both);
        });
    }
}

/// Answers one connection's requests until it ends.
fn serve(shared: &Shared, listener: Place, stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(SILENCE))?;
    let mut reader = BufReader::with_capacity(64 << 10, stream);
    while let Some(head) = wire::read_head(&mut reader)? {
        if head.path().starts_with("/_double/") {
            let reply = control::answer(shared, head.path());
            reply.write_head(&mut &*stream, true)?;
            send_body(&reply, &mut &*stream, &mut 0, None)?;
            if closes(&head) {
                return Ok(());
            }
            continue;
        }
        let place = route::place(shared, listener, head.path());
        let ticket = shared.record.lock().unwrap().begin(place, &head.method, &head.target, &head.headers);
        let fault = shared.faults.lock().unwrap().take(ticket.number, place);
        std::thread::sleep(shared.config.latency);
        if fault == Some(Fault::CutBefore) {
            return Ok(());
        }
        let cut_at = if let Some(Fault::CutInRequest(bytes)) = fault { Some(bytes) } else { None };
        let left = head.content_length().unwrap_or(0);
        let mut body = Incoming { reader: &mut reader, left, received: 0, cut_at };
        let reply = reply_to(shared, place, &head, fault.as_ref(), &mut body);
        let received = body.received;
        shared.record.lock().unwrap().end(ticket, 0, received, 0);
        let reply = reply?;
        if fault == Some(Fault::CutAfter) {
            return Ok(());
        }
        finish(shared, stream, ticket, received, &reply, fault.as_ref())?;
        if fault == Some(Fault::Early) || closes(&head) {
            return Ok(());
        }
    }
    Ok(())
}

fn closes(head: &Head) -> bool {
    head.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
}

/// The answer, after what the fault does to it. The request's body is read in any case.
fn reply_to(
    shared: &Shared,
    place: Place,
    head: &Head,
    fault: Option<&Fault>,
    body: &mut Incoming<'_>,
) -> io::Result<Reply> {
    let instead = match fault {
        Some(Fault::Status(status)) => {
            route::leave_starter(shared, place, head);
            Some(json::unicorn(*status))
        }
        Some(Fault::Html) => Some(json::login_page()),
        Some(Fault::Echo) => Some(json::echo(head)),
        Some(Fault::Huge(bytes)) => Some(json::huge(*bytes)),
        Some(Fault::Primary(seconds)) => Some(shared.limits.lock().unwrap().used_up(*seconds)),
        Some(Fault::Secondary { status, retry_after }) => Some(Limits::secondary(*status, *retry_after)),
        Some(Fault::Redirect(status, address)) => Some(Reply::empty(*status).header("location", address)),
        _ => None,
    };
    let mut reply = match instead {
        Some(reply) => {
            body.drain()?;
            reply
        }
        None => route::answer(shared, place, head, fault, body)?,
    };
    if fault == Some(&Fault::Early) {
        return Ok(reply);
    }
    body.drain()?;
    match fault {
        Some(Fault::StatusAfter(status)) => reply = json::unicorn(*status),
        // Half of what was asked for: a ranged answer begins far behind zero.
        Some(Fault::HalfJson) => {
            reply.range.end = reply.range.start + (reply.range.end - reply.range.start).div_ceil(2);
        }
        Some(Fault::NextPage(address)) => {
            reply.headers.retain(|(name, _)| name != "link");
            reply = reply.header("link", format!("<{address}>; rel=\"next\""));
        }
        Some(Fault::NoLinks) => reply.headers.retain(|(name, _)| name != "link"),
        Some(Fault::EndlessPages) => {
            reply.headers.retain(|(name, _)| name != "link");
            let page = head.query("page").and_then(|text| text.parse::<u64>().ok()).unwrap_or(1) + 1;
            let address = format!("{}{}?page={page}", shared.bases.api, head.path());
            reply = reply.header("link", format!("<{address}>; rel=\"next\""));
        }
        _ => {}
    }
    Ok(reply)
}

fn finish(
    shared: &Shared,
    mut stream: &TcpStream,
    ticket: Ticket,
    received: u64,
    reply: &Reply,
    fault: Option<&Fault>,
) -> io::Result<()> {
    let mut sent = 0;
    let end = |sent| shared.record.lock().unwrap().end(ticket, reply.status, received, sent);
    // In the log before the client can ask for it.
    end(reply.range.end - reply.range.start);
    let result = reply.write_head(&mut stream, true).and_then(|()| match fault {
        Some(Fault::Silence) => {
            stream.flush()?;
            shared.sleep(SILENCE);
            Err(io::ErrorKind::TimedOut.into())
        }
        _ => send_body(reply, &mut stream, &mut sent, fault),
    });
    end(sent);
    result
}

fn send_body(
    reply: &Reply,
    out: &mut impl io::Write,
    sent: &mut u64,
    fault: Option<&Fault>,
) -> io::Result<()> {
    let most = if let Some(Fault::CutInAnswer(bytes)) = fault { *bytes } else { u64::MAX };
    let send = |piece: &[u8]| -> io::Result<()> {
        let step = if let Some(Fault::Slow { piece, .. }) = fault { *piece } else { piece.len() };
        for part in piece.chunks(step.max(1)) {
            let left = usize::try_from(most - *sent).unwrap_or(usize::MAX);
            let part = &part[..part.len().min(left)];
            out.write_all(part)?;
            *sent += part.len() as u64;
            if *sent >= most {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            if let Some(Fault::Slow { pause, .. }) = fault {
                std::thread::sleep(Duration::from_millis(*pause));
            }
        }
        Ok(())
    };
    reply.body.each(reply.range.clone(), send)?;
    out.flush()
}

impl Shared {
    /// Sleeps, but not beyond the double's end.
    fn sleep(&self, time: Duration) {
        let mut left = time;
        while !left.is_zero() && !self.closing.load(Ordering::SeqCst) {
            let slice = left.min(Duration::from_millis(20));
            std::thread::sleep(slice);
            left -= slice;
        }
    }

    pub(crate) fn close(&self, listeners: &[SocketAddr]) {
        self.closing.store(true, Ordering::SeqCst);
        for stream in self.connections.lock().unwrap().iter().filter_map(Weak::upgrade) {
            let _ = stream.shutdown(Shutdown::Both);
        }
        // Wakes the listeners, which then see that it is over.
        for address in listeners {
            if let Ok(mut stream) = TcpStream::connect(address) {
                let _ = stream.read(&mut [0; 0]);
            }
        }
    }
}
