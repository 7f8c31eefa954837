//! Whole-product tests, in one program so that they share the cores: each runs the real binary over real media.

mod attachments;
mod audit;
mod bad_input;
mod bad_place;
mod consent_papers;
mod containers;
mod damage;
mod environment;
mod faces;
mod gate;
mod gate_reasons;
mod heads;
mod interrupted;
mod killed;
mod live;
mod pictures;
mod policy_file;
mod recognition;
mod size;
mod stages;
mod streams;
mod text;
mod times;
mod tracks;
mod verify;
mod voices;
