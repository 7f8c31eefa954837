//! Which bytes of a picture its masks reach, in whole rows: no others have to go to a GPU and back.

use std::ops::Range;

use super::backend::Job;
use super::grid::GridLayout;
use crate::model::FrameSize;

/// The bytes of all rows that masks lie on: of the luma, then of each chroma plane, each run of rows once. Both ends
/// of every range are multiples of 4, as those of rows are.
pub(crate) fn reached(jobs: &[Job], size: FrameSize) -> Vec<Range<usize>> {
    reached_by(jobs.iter().map(|job| job.layout), size)
}

fn reached_by(masks: impl Iterator<Item = GridLayout>, size: FrameSize) -> Vec<Range<usize>> {
    let runs = runs_of_rows(masks, size.height() / 2);
    let [luma, u, v] = size.plane_offsets();
    let planes = [(luma, 2 * size.stride_y()), (u, size.stride_uv()), (v, size.stride_uv())];
    let of_plane = |(start, row): (usize, usize)| {
        runs.iter().map(move |run| start + run.start * row..start + run.end * row)
    };
    planes.into_iter().flat_map(of_plane).collect()
}

/// Rows of chroma samples that masks lie on, from top to bottom, those that touch as one run.
fn runs_of_rows(masks: impl Iterator<Item = GridLayout>, rows_of_picture: usize) -> Vec<Range<usize>> {
    let mut each: Vec<Range<usize>> = masks
        .map(|mask| {
            let start = mask.rows.start as usize;
            start..(start + mask.rows.len as usize).min(rows_of_picture)
        })
        .filter(|rows| !rows.is_empty())
        .collect();
    each.sort_unstable_by_key(|rows| rows.start);
    let mut runs: Vec<Range<usize>> = Vec::new();
    for rows in each {
        match runs.last_mut() {
            Some(last) if rows.start <= last.end => last.end = last.end.max(rows.end),
            _ => runs.push(rows),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::super::grid::CellAxis;
    use super::*;

    fn mask(start: u32, len: u32) -> GridLayout {
        let axis = |start, len| CellAxis { start, len, cells: 1 };
        GridLayout { cols: axis(0, 4), rows: axis(start, len) }
    }

    #[test]
    fn rows_of_several_masks_are_sent_once_in_each_plane() {
        // 16 x 12 pixels: rows of luma are 16 bytes, those of chroma 8.
        let size = FrameSize::rounded_up(16, 12);
        let masks = [mask(4, 1), mask(0, 2), mask(1, 2)];
        let luma = [0..96, 128..160];
        let u = [192..216, 224..232];
        let v = [240..264, 272..280];
        assert_eq!(reached_by(masks.into_iter(), size), [luma, u, v].concat());
        assert_eq!(reached_by([].into_iter(), size), []);
    }

    #[test]
    fn a_mask_over_the_whole_picture_reaches_all_of_it() {
        let size = FrameSize::rounded_up(18, 10);
        let all = reached_by([mask(0, 5)].into_iter(), size);
        assert_eq!(all.iter().map(Range::len).sum::<usize>(), size.byte_len());
    }
}
