//! The client against bare sockets: what a server may do to it.
