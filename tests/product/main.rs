//! Whole-product tests, in one program so that they share the cores: each runs the real binary over real media.

mod attachments;
mod bad_input;
mod bad_place;
mod containers;
mod environment;
mod faces;
mod gate;
mod gate_reasons;
mod interrupted;
mod pictures;
mod streams;
mod times;
mod voices;
