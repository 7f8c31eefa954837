//! The semi-informed attacker's back-end: centring, principal components and linear discriminants, learned from
//! disguised speech of speakers who are not among those to be told apart.

use nalgebra::DMatrix;

use std::collections::BTreeMap;

use super::attacker::{Print, unit};

/// Most principal components.
const COMPONENTS: usize = 80;
/// Discriminants that are kept.
const DISCRIMINANTS: usize = 40;
/// Added to the scatter within speakers, as a share of its mean variance.
const RIDGE: f64 = 0.1;

type Matrix = Vec<Vec<f64>>;

/// A learned change of voice prints.
pub(crate) struct Backend {
    mean: Vec<f64>,
    /// One row per discriminant.
    rows: Matrix,
}

impl Backend {
    /// Learns from prints with their speakers.
    pub(crate) fn learn(prints: &[(&str, &Print)]) -> Self {
        let size = prints.first().map_or(0, |(_, print)| print.len());
        let count = prints.len().max(1) as f64;
        let mean: Vec<f64> =
            (0..size).map(|k| prints.iter().map(|(_, p)| f64::from(p[k])).sum::<f64>() / count).collect();
        let centred: Matrix = prints
            .iter()
            .map(|(_, p)| p.iter().zip(&mean).map(|(v, m)| f64::from(*v) - m).collect())
            .collect();
        let axes = principal_axes(&centred);
        let points: Matrix = centred.iter().map(|point| project(&axes, point)).collect();
        let speakers: Vec<&str> = prints.iter().map(|(speaker, _)| *speaker).collect();
        let (within, between) = scatter(&points, &speakers);
        let white = whitening(&within);
        let turned = multiply(&multiply(&white, &between), &transpose(&white));
        let (_, directions) = eigen(&turned);
        let best: Matrix = directions.into_iter().take(DISCRIMINANTS).collect();
        Self { mean, rows: multiply(&multiply(&best, &white), &axes) }
    }

    /// The print as the back-end sees it, unit length.
    pub(crate) fn change(&self, print: &Print) -> Print {
        let centred: Vec<f64> = print.iter().zip(&self.mean).map(|(v, m)| f64::from(*v) - m).collect();
        #[allow(clippy::cast_possible_truncation, reason = "rounding is meant")]
        let changed = project(&self.rows, &centred).into_iter().map(|v| v as f32).collect();
        unit(changed)
    }
}

/// Unit axes of the largest spread, by way of the inner products of the points (there are fewer points than
/// dimensions).
fn principal_axes(points: &Matrix) -> Matrix {
    let (values, vectors) = eigen(&multiply(points, &transpose(points)));
    let useful = values.iter().zip(vectors).filter(|(value, _)| **value > 1e-9).take(COMPONENTS);
    useful
        .map(|(value, vector)| {
            project(&transpose(points), &vector).iter().map(|v| v / value.sqrt()).collect()
        })
        .collect()
}

/// Scatter within and between speakers.
fn scatter(points: &Matrix, speakers: &[&str]) -> (Matrix, Matrix) {
    let size = points.first().map_or(0, Vec::len);
    let mut groups: BTreeMap<&str, Vec<&Vec<f64>>> = BTreeMap::new();
    for (speaker, point) in speakers.iter().zip(points) {
        groups.entry(speaker).or_default().push(point);
    }
    let (mut within, mut between) = (vec![vec![0.0; size]; size], vec![vec![0.0; size]; size]);
    let share = 1.0 / points.len().max(1) as f64;
    for members in groups.values() {
        let count = members.len() as f64;
        let mean: Vec<f64> = (0..size).map(|k| members.iter().map(|m| m[k]).sum::<f64>() / count).collect();
        add_outer(&mut between, &mean, count * share);
        for member in members {
            let rest: Vec<f64> = member.iter().zip(&mean).map(|(v, m)| v - m).collect();
            add_outer(&mut within, &rest, share);
        }
    }
    let ridge = RIDGE * (0..size).map(|k| within[k][k]).sum::<f64>() / size.max(1) as f64;
    for (k, row) in within.iter_mut().enumerate() {
        row[k] += ridge;
    }
    (within, between)
}

/// Rows that turn a scatter into the unit matrix.
fn whitening(scatter: &Matrix) -> Matrix {
    let (values, vectors) = eigen(scatter);
    values
        .iter()
        .zip(vectors)
        .map(|(value, vector)| vector.iter().map(|v| v / value.max(1e-12).sqrt()).collect())
        .collect()
}

fn add_outer(sum: &mut Matrix, vector: &[f64], weight: f64) {
    for (row, a) in sum.iter_mut().zip(vector) {
        for (cell, b) in row.iter_mut().zip(vector) {
            *cell += weight * a * b;
        }
    }
}

fn project(rows: &Matrix, vector: &[f64]) -> Vec<f64> {
    rows.iter().map(|row| row.iter().zip(vector).map(|(a, b)| a * b).sum()).collect()
}

fn transpose(matrix: &Matrix) -> Matrix {
    let width = matrix.first().map_or(0, Vec::len);
    (0..width).map(|k| matrix.iter().map(|row| row[k]).collect()).collect()
}

fn multiply(a: &Matrix, b: &Matrix) -> Matrix {
    let columns = transpose(b);
    a.iter().map(|row| project(&columns, row)).collect()
}

/// Eigenvalues in falling order, and their unit vectors as rows, of a symmetric matrix.
fn eigen(symmetric: &Matrix) -> (Vec<f64>, Matrix) {
    let size = symmetric.len();
    let parts = DMatrix::from_fn(size, size, |i, j| symmetric[i][j]).symmetric_eigen();
    let mut order: Vec<usize> = (0..size).collect();
    order.sort_by(|i, j| parts.eigenvalues[*j].total_cmp(&parts.eigenvalues[*i]));
    let vector = |i: &usize| parts.eigenvectors.column(*i).iter().copied().collect();
    (order.iter().map(|i| parts.eigenvalues[*i]).collect(), order.iter().map(vector).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eigenvectors_take_a_matrix_apart() {
        let matrix: Matrix = (0..12_u8)
            .map(|i| {
                (0..12_u8)
                    .map(|j| {
                        f64::from(u8::from(i == j)) * f64::from(i) + 1.0 / (1.0 + f64::from(i) + f64::from(j))
                    })
                    .collect()
            })
            .collect();
        let (values, vectors) = eigen(&matrix);
        for (value, vector) in values.iter().zip(&vectors) {
            for (got, wanted) in project(&matrix, vector).iter().zip(vector) {
                assert!((got - value * wanted).abs() < 1e-8, "{got} {}", value * wanted);
            }
        }
        assert!(values.windows(2).all(|pair| pair[0] >= pair[1]));
    }

    #[test]
    fn a_direction_that_tells_speakers_apart_is_kept_over_louder_noise() {
        let names: Vec<String> = (0..40_u16).map(|i| format!("s{}", i / 4)).collect();
        let noise = |i: u16, k: u16| f32::from((i * 7_919 + k * 1_047) % 101) / 101.0 - 0.5;
        let prints: Vec<Print> = (0..40_u16)
            .map(|i| {
                let mut print: Print = (0..8).map(|k| noise(i, k)).collect();
                print[3] = f32::from(i / 4) * 0.1 + 0.01 * noise(i, 3);
                print
            })
            .collect();
        let labelled: Vec<(&str, &Print)> = names.iter().map(String::as_str).zip(&prints).collect();
        let backend = Backend::learn(&labelled);
        let weight = |k: usize| backend.rows[0][k].abs();
        assert!((0..8).all(|k| k == 3 || weight(k) < weight(3)), "{:?}", backend.rows[0]);
    }
}
