//! The Merkle tree of RFC 6962, section 2.1, built from left to right: what is kept is one hash per complete subtree.

use obscura_core::model::Sha256Digest;

/// Hash of an entry: leaves and inner nodes have prefixes of their own, so that neither can be taken for the other.
pub(crate) fn leaf_hash(entry: &[u8]) -> Sha256Digest {
    Sha256Digest::of(&[&[0x00], entry].concat())
}

fn node_hash(left: Sha256Digest, right: Sha256Digest) -> Sha256Digest {
    Sha256Digest::of(&[&[0x01], &left.as_bytes()[..], right.as_bytes()].concat())
}

/// A tree that grows at its right edge.
#[derive(Clone, Debug, Default)]
pub(crate) struct Frontier {
    size: u64,
    /// The roots of the complete subtrees, the largest first; one for each bit of `size`.
    roots: Vec<Sha256Digest>,
}

impl Frontier {
    /// Entries so far.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Adds the hash of an entry.
    pub(crate) fn push(&mut self, leaf: Sha256Digest) {
        let mut node = leaf;
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.roots.pop() {
                node = node_hash(left, node);
            }
        }
        self.roots.push(node);
        self.size += 1;
    }

    /// The root over all entries so far; that of no entries is the hash of nothing.
    pub(crate) fn root(&self) -> Sha256Digest {
        let root = self.roots.iter().rev().copied().reduce(|right, left| node_hash(left, right));
        root.unwrap_or_else(|| Sha256Digest::of(&[]))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition of RFC 6962, word for word.
    fn by_definition(leaves: &[Sha256Digest]) -> Sha256Digest {
        match leaves {
            [] => Sha256Digest::of(&[]),
            [leaf] => *leaf,
            _ => {
                let split = leaves.len().next_power_of_two() / 2;
                node_hash(by_definition(&leaves[..split]), by_definition(&leaves[split..]))
            }
        }
    }

    #[test]
    fn the_roots_are_those_of_certificate_transparency() {
        // Test vectors of the reference implementation of RFC 6962.
        let leaves: [&[u8]; 8] = [
            b"",
            b"\x00",
            b"\x10",
            b"\x20\x21",
            b"\x30\x31",
            b"\x40\x41\x42\x43",
            b"\x50\x51\x52\x53\x54\x55\x56\x57",
            b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
        ];
        let roots = [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let mut tree = Frontier::default();
        assert_eq!(tree.root().to_string(), roots[0]);
        for (leaf, root) in leaves.iter().zip(&roots[1..]) {
            tree.push(leaf_hash(leaf));
            assert_eq!(tree.root().to_string(), *root);
        }
    }

    proptest! {
        #[test]
        fn a_tree_of_any_size_is_the_one_of_the_definition(size in 0usize..200) {
            let leaves: Vec<_> = (0..size).map(|n| leaf_hash(&n.to_be_bytes())).collect();
            let mut tree = Frontier::default();
            for leaf in &leaves {
                tree.push(*leaf);
            }
            prop_assert_eq!(tree.root(), by_definition(&leaves));
            prop_assert_eq!(tree.size(), size as u64);
        }
    }
}
