//! One picture in front of the network on a GPU: what has to be prepared for each way to look at it.

use super::super::centerface;
use super::super::error::DetectError;
use super::super::layout::{FrameFromModel, InputLayout, Turn};
use super::super::prepare::{CLOSE_SIDE_PX, CROP_SIDE_PX, Place, Sides, View};
use super::super::runtime::Outputs;
use super::arrangement::SETTINGS_STRIDE;
use super::eye::{CLOSE, DIAGONAL, Eye, Preparation, STRAIGHT, Step};
use super::planes;
use crate::gpu::GpuError;

/// A picture in front of the network.
#[derive(Debug)]
pub(in crate::detect) struct GpuLook<'a> {
    eye: &'a mut Eye,
    view: View<'a>,
    starts: [usize; 3],
    is_scaled: [bool; 2],
}

impl<'a> GpuLook<'a> {
    /// For a picture that is on the device, its planes at `starts`.
    pub(super) fn new(eye: &'a mut Eye, view: View<'a>, starts: [usize; 3]) -> Self {
        Self { eye, view, starts, is_scaled: [false; 2] }
    }

    /// What the network makes of the whole picture, turned, and how the input lies in the frame.
    ///
    /// # Errors
    /// [`GpuError`].
    pub(in crate::detect) fn whole(&mut self, turn: Turn) -> Result<(Outputs<'_>, InputLayout), DetectError> {
        let layout = self.eye.sides.layout(self.view.size(), turn);
        let small = if turn.is_diagonal() { DIAGONAL } else { STRAIGHT };
        let mut preparation = Preparation::default();
        self.scale_whole(small, &layout, &mut preparation)?;
        turn_onto(&mut preparation, small, &layout, 0)?;
        self.eye.run(&preparation, [1, layout.height, layout.width])?;
        let placed =
            InputLayout { frame_from_model: layout.frame_from_model.moved(self.view.origin_px()), ..layout };
        Ok((Outputs::plain(centerface::NAME, &self.eye.found, 1), placed))
    }

    /// What the network makes of a crop around each place, and how each lies in the frame. Those that `is_close` picks
    /// are cut out of the frame itself.
    ///
    /// # Errors
    /// [`GpuError`].
    pub(in crate::detect) fn crops(
        &mut self,
        places: &[Place],
        is_close: impl Fn(&Place) -> bool,
    ) -> Result<(Outputs<'_>, Vec<FrameFromModel>), DetectError> {
        let mut preparation = Preparation::default();
        let mut frame_from_model = Vec::with_capacity(places.len());
        for (nth, place) in places.iter().enumerate() {
            let (small, view, whole) = if is_close(place) {
                let part = place.surroundings(&self.view);
                let layout = Sides::new(CLOSE_SIDE_PX).layout(part.size(), Turn::NONE);
                self.scale(CLOSE, &part, &layout, &mut preparation)?;
                (CLOSE, part, layout)
            } else {
                let layout = self.eye.sides.layout(self.view.size(), Turn::NONE);
                self.scale_whole(STRAIGHT, &layout, &mut preparation)?;
                (STRAIGHT, self.view, layout)
            };
            let layout = place.layout(&whole, view.origin_px());
            turn_onto(&mut preparation, small, &layout, nth)?;
            frame_from_model.push(layout.frame_from_model.moved(view.origin_px()));
        }
        self.eye.run(&preparation, [places.len(), CROP_SIDE_PX, CROP_SIDE_PX])?;
        Ok((Outputs::plain(centerface::NAME, &self.eye.found, places.len()), frame_from_model))
    }

    /// Scales the whole picture, unless that was done.
    fn scale_whole(
        &mut self,
        small: usize,
        layout: &InputLayout,
        preparation: &mut Preparation,
    ) -> Result<(), GpuError> {
        let done = self.is_scaled.get_mut(small).is_some_and(|done| std::mem::replace(done, true));
        if done {
            return Ok(());
        }
        let view = self.view;
        self.scale(small, &view, layout, preparation)
    }

    fn scale(
        &mut self,
        small: usize,
        part: &View<'_>,
        layout: &InputLayout,
        preparation: &mut Preparation,
    ) -> Result<(), GpuError> {
        let to = (layout.content_width, layout.content_height);
        let gpu = &self.eye.shared.gpu;
        if let Some(memory) = self.eye.smalls.get_mut(small) {
            memory.reserve(gpu, 16 * (to.0 * to.1) as u64)?;
        }
        let settings = planes::scaling(&self.view, self.starts, part, to);
        let settings =
            gpu.guarded("scaling", || settings.ok_or_else(|| "the picture is too large".to_owned()))?;
        let offset = append(&mut preparation.scalings, &settings);
        preparation.steps.push(Step::Scale { small, offset, size: [to.0, to.1].map(dispatch_size) });
        Ok(())
    }
}

/// Adds the turn of a small picture onto the nth of an input.
fn turn_onto(
    preparation: &mut Preparation,
    small: usize,
    layout: &InputLayout,
    nth: usize,
) -> Result<(), DetectError> {
    let settings = planes::turning(layout, nth).ok_or(DetectError::Setting {
        setting: "side_px",
        value: layout.width as f64,
        range: "smaller",
    })?;
    let offset = append(&mut preparation.turnings, &settings);
    preparation.steps.push(Step::Turn {
        small,
        offset,
        size: [layout.width, layout.height].map(dispatch_size),
    });
    Ok(())
}

/// Appends settings a stride behind the last; where they begin.
fn append(list: &mut Vec<u8>, settings: &[u8]) -> u32 {
    let offset = list.len().next_multiple_of(SETTINGS_STRIDE as usize);
    list.resize(offset, 0);
    list.extend_from_slice(settings);
    u32::try_from(offset).unwrap_or(u32::MAX)
}

fn dispatch_size(side: usize) -> u32 {
    u32::try_from(side).unwrap_or(u32::MAX)
}
