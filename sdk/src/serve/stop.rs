//! One signal for everybody: the plugin is to end.

use tokio::sync::watch;

/// Waits for the end of the plugin, or asks for it.
#[derive(Clone)]
pub(super) struct Stop {
    sender: watch::Sender<bool>,
}

impl Stop {
    pub(super) fn new() -> Stop {
        Stop { sender: watch::Sender::new(false) }
    }

    /// Asks everybody to end.
    pub(super) fn ask(&self) {
        self.sender.send_replace(true);
    }

    /// Until somebody asks.
    pub(super) async fn wait(self) {
        let mut receiver = self.sender.subscribe();
        // It can't close: `self` holds a sender.
        let _ = receiver.wait_for(|asked| *asked).await;
    }
}
