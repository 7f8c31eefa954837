//! Which tensors of a network share memory: those that are never needed at the same time.

use super::super::onnx::Layers;

/// The number of the memory that each tensor lies in, and how many there are.
///
/// A layer's result never lies where one of its inputs does, and what is wanted in the end is not overwritten.
pub(super) fn assign(network: &Layers) -> (Vec<usize>, usize) {
    let mut slots = vec![0; network.tensors.len()];
    // The network's input is the first tenant of the first slot.
    let (mut free, mut count): (Vec<usize>, usize) = (Vec::new(), 1);
    for (step, layer) in network.steps.iter().enumerate() {
        let slot = free.pop().unwrap_or_else(|| {
            count += 1;
            count - 1
        });
        if let Some(place) = slots.get_mut(layer.to) {
            *place = slot;
        }
        let mut done: Vec<usize> = [Some(layer.from), layer.add].into_iter().flatten().collect();
        done.dedup();
        done.retain(|tensor| last_use(network, *tensor) == Some(step));
        free.extend(done.into_iter().filter_map(|tensor| slots.get(tensor).copied()));
    }
    (slots, count)
}

/// The last step that reads a tensor; none where the tensor is wanted in the end.
fn last_use(network: &Layers, tensor: usize) -> Option<usize> {
    if network.outputs.contains(&tensor) {
        return None;
    }
    network.steps.iter().rposition(|layer| layer.from == tensor || layer.add == Some(tensor))
}

#[cfg(test)]
mod tests {
    use super::super::super::centerface;
    use super::super::super::testing;
    use super::*;

    #[test]
    fn nothing_is_overwritten_before_it_was_read() {
        let network = centerface::layers(&testing::centerface_bytes()).unwrap();
        let (slots, count) = assign(&network);
        assert!(count < 10, "{count} slots");
        // Who lies where, step by step.
        let mut tenants: Vec<Option<usize>> = vec![None; count];
        tenants[slots[0]] = Some(0);
        for layer in &network.steps {
            for read in [Some(layer.from), layer.add].into_iter().flatten() {
                assert_eq!(tenants[slots[read]], Some(read), "{layer:?}");
                assert_ne!(slots[read], slots[layer.to], "{layer:?}");
            }
            tenants[slots[layer.to]] = Some(layer.to);
        }
        for output in &network.outputs {
            assert_eq!(tenants[slots[*output]], Some(*output));
        }
    }
}
