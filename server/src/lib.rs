//! The server of Vizard. Not wired yet: the files beside this one are parts of it.
//! Never: anything until store and services exist.
