//! What each operation of `TensorFlow.js` becomes.

use super::super::ModelError;
use super::build::{Value, outputs_first};
use super::weights::{Constant, Values};
use super::{Attr, Conversion, Operation, bare, number, unknown};

/// Words as the JSON file has them, in base64.
const VALID: &str = "VkFMSUQ=";
const SAME: &str = "U0FNRQ==";
const ROWS_COLUMNS_CHANNELS: &str = "TkhXQw==";

impl Conversion {
    /// Converts one operation whose inputs have been converted.
    pub(super) fn add(&mut self, op: &Operation) -> Result<(), ModelError> {
        let name = op.name.as_str();
        if op.op == "Placeholder" || self.constants.contains_key(name) {
            return Ok(());
        }
        match op.op.as_str() {
            "SparseToDense" => self.sparse_to_dense(op),
            "Add" | "AddV2" if op.input.iter().all(|input| self.constants.contains_key(bare(input))) => {
                let sum = sum(self.fixed(op, 0)?, self.fixed(op, 1)?)?;
                self.constants.insert(name.to_owned(), sum);
                Ok(())
            }
            "Add" | "AddV2" => {
                let (a, b) = (self.input(op, 0)?, self.input(op, 1)?);
                self.builder.node("Add", &[&a, &b], &[name], &[]);
                Ok(())
            }
            "Identity" | "Sigmoid" => {
                let input = self.input(op, 0)?;
                self.builder.node(&op.op, &[&input], &[name], &[]);
                Ok(())
            }
            "LeakyRelu" => {
                let alpha = attr(op, "alpha")?.f.ok_or_else(|| unknown("a rectifier without a slope"))?;
                #[allow(clippy::cast_possible_truncation, reason = "the format has single precision")]
                let slope = Value::Float(alpha as f32);
                let input = self.input(op, 0)?;
                self.builder.node("LeakyRelu", &[&input], &[name], &[("alpha", slope)]);
                Ok(())
            }
            "Transpose" => {
                let order = self.fixed(op, 1)?.integers()?.to_vec();
                let input = self.input(op, 0)?;
                self.builder.node("Transpose", &[&input], &[name], &[("perm", Value::Integers(&order))]);
                Ok(())
            }
            "Reshape" => {
                let shape = self.fixed(op, 1)?.clone();
                let (input, shape) = (self.input(op, 0)?, self.builder.constant(&shape));
                self.builder.node("Reshape", &[&input, &shape], &[name], &[]);
                Ok(())
            }
            "ConcatV2" => self.concat(op),
            "Pad" | "PadV2" => self.pad(op),
            "SplitV" => self.split(op),
            "Conv2D" => self.convolution(op),
            "MaxPool" => self.pool(op),
            "ResizeBilinear" => self.resize(op),
            other => Err(unknown(&format!("the operation {other}"))),
        }
    }

    /// The constant that is an input.
    fn fixed(&self, op: &Operation, at: usize) -> Result<&Constant, ModelError> {
        let found = op.input.get(at).and_then(|name| self.constants.get(bare(name)));
        found.ok_or_else(|| unknown("a value where a constant belongs"))
    }

    /// Name of an input; a constant comes into the graph by this.
    fn input(&mut self, op: &Operation, at: usize) -> Result<String, ModelError> {
        let name = bare(op.input.get(at).ok_or_else(|| unknown("an operation without its input"))?);
        if let Some(constant) = self.constants.get(name) {
            constant.floats()?;
            self.builder.named_constant(name, constant);
        }
        Ok(name.to_owned())
    }

    /// A list of zeros (or another number) with some others at given places: worked out here.
    fn sparse_to_dense(&mut self, op: &Operation) -> Result<(), ModelError> {
        let &[length] = self.fixed(op, 1)?.integers()? else { return Err(unknown("a sparse matrix")) };
        let &[rest] = self.fixed(op, 3)?.integers()? else { return Err(unknown("a sparse matrix")) };
        let (places, values) = (self.fixed(op, 0)?.integers()?, self.fixed(op, 2)?.integers()?);
        let length = usize::try_from(length).ok().filter(|length| *length <= 16);
        let mut dense = vec![rest; length.ok_or_else(|| unknown("a long sparse list"))?];
        for (place, value) in places.iter().zip(values.iter().cycle()) {
            let slot = usize::try_from(*place).ok().and_then(|place| dense.get_mut(place));
            *slot.ok_or_else(|| unknown("a place outside its list"))? = *value;
        }
        self.constants.insert(op.name.clone(), Constant::row(dense));
        Ok(())
    }

    fn concat(&mut self, op: &Operation) -> Result<(), ModelError> {
        let last = op.input.len().saturating_sub(1);
        let axis = one(self.fixed(op, last)?)?;
        let inputs = (0..last).map(|at| self.input(op, at)).collect::<Result<Vec<_>, _>>()?;
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        self.builder.node("Concat", &inputs, &[&op.name], &[("axis", Value::Integer(axis))]);
        Ok(())
    }

    /// `TensorFlow` lists before and behind for each dimension, ONNX all before, then all behind.
    fn pad(&mut self, op: &Operation) -> Result<(), ModelError> {
        let (pairs, _) = self.fixed(op, 1)?.integers()?.as_chunks::<2>();
        let before = pairs.iter().map(|[before, _]| *before);
        let pads = Constant::row(before.chain(pairs.iter().map(|[_, behind]| *behind)).collect());
        let value = if op.op == "PadV2" { Some(self.fixed(op, 2)?.clone()) } else { None };
        let mut inputs = vec![self.input(op, 0)?, self.builder.constant(&pads)];
        inputs.extend(value.map(|value| self.builder.constant(&value)));
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        self.builder.node("Pad", &inputs, &[&op.name], &[]);
        Ok(())
    }

    fn split(&mut self, op: &Operation) -> Result<(), ModelError> {
        let sizes = Constant::row(self.fixed(op, 1)?.integers()?.to_vec());
        let axis = one(self.fixed(op, 2)?)?;
        let parts = sizes.integers()?.len();
        let (input, sizes) = (self.input(op, 0)?, self.builder.constant(&sizes));
        let outputs: Vec<String> = std::iter::once(op.name.clone())
            .chain((1..parts).map(|part| format!("{}:{part}", op.name)))
            .collect();
        let outputs: Vec<&str> = outputs.iter().map(String::as_str).collect();
        self.builder.node("Split", &[&input, &sizes], &outputs, &[("axis", Value::Integer(axis))]);
        Ok(())
    }

    fn convolution(&mut self, op: &Operation) -> Result<(), ModelError> {
        if attr(op, "data_format")?.s.as_deref() != Some(ROWS_COLUMNS_CHANNELS) {
            return Err(unknown("a convolution with channels first"));
        }
        let weights = outputs_first(self.fixed(op, 1)?)?;
        let sides: Vec<i64> =
            weights.shape.iter().skip(2).map(|side| i64::try_from(*side).unwrap_or(i64::MAX)).collect();
        let (steps, padding) = (middle(op, "strides")?, padding(op)?);
        let gaps = if op.attr.contains_key("dilations") { middle(op, "dilations")? } else { vec![1, 1] };
        let out = self.builder.value();
        let input = self.input(op, 0)?;
        let input = self.builder.channels_first(&input);
        let weights = self.builder.constant(&weights);
        let attributes = [
            ("auto_pad", Value::Text(padding)),
            ("dilations", Value::Integers(&gaps)),
            ("kernel_shape", Value::Integers(&sides)),
            ("strides", Value::Integers(&steps)),
        ];
        self.builder.node("Conv", &[&input, &weights], &[&out], &attributes);
        self.builder.channels_last(&out, &op.name);
        Ok(())
    }

    fn pool(&mut self, op: &Operation) -> Result<(), ModelError> {
        let (sides, steps, padding) = (middle(op, "ksize")?, middle(op, "strides")?, padding(op)?);
        let out = self.builder.value();
        let input = self.input(op, 0)?;
        let input = self.builder.channels_first(&input);
        let attributes = [
            ("auto_pad", Value::Text(padding)),
            ("kernel_shape", Value::Integers(&sides)),
            ("strides", Value::Integers(&steps)),
        ];
        self.builder.node("MaxPool", &[&input], &[&out], &attributes);
        self.builder.channels_last(&out, &op.name);
        Ok(())
    }

    fn resize(&mut self, op: &Operation) -> Result<(), ModelError> {
        let flag = |name: &str| op.attr.get(name).and_then(|attr| attr.b).unwrap_or(false);
        let places = match (flag("align_corners"), flag("half_pixel_centers")) {
            (true, _) => "align_corners",
            (false, true) => "half_pixel",
            (false, false) => "asymmetric",
        };
        let sides = self.fixed(op, 1)?.clone();
        let input = self.input(op, 0)?;
        let input = self.builder.channels_first(&input);
        let (shape, target, out) = (self.builder.value(), self.builder.value(), self.builder.value());
        let first_two = [("end", Value::Integer(2)), ("start", Value::Integer(0))];
        self.builder.node("Shape", &[&input], &[&shape], &first_two);
        let sides = self.builder.constant(&sides);
        self.builder.node("Concat", &[&shape, &sides], &[&target], &[("axis", Value::Integer(0))]);
        let attributes =
            [("coordinate_transformation_mode", Value::Text(places)), ("mode", Value::Text("linear"))];
        self.builder.node("Resize", &[&input, "", "", &target], &[&out], &attributes);
        self.builder.channels_last(&out, &op.name);
        Ok(())
    }
}

fn attr<'a>(op: &'a Operation, name: &str) -> Result<&'a Attr, ModelError> {
    op.attr.get(name).ok_or_else(|| unknown(&format!("{} without {name}", op.op)))
}

/// The two inner of four numbers: those of rows and columns.
fn middle(op: &Operation, name: &str) -> Result<Vec<i64>, ModelError> {
    match attr(op, name)?.list.as_ref().map(|list| list.i.as_slice()) {
        Some([_, rows, columns, _]) => Ok(vec![number(rows)?, number(columns)?]),
        _ => Err(unknown(&format!("{name} without four numbers"))),
    }
}

fn padding(op: &Operation) -> Result<&'static str, ModelError> {
    match attr(op, "padding")?.s.as_deref() {
        Some(VALID) => Ok("VALID"),
        Some(SAME) => Ok("SAME_UPPER"),
        _ => Err(unknown("a padding of its own")),
    }
}

fn one(constant: &Constant) -> Result<i64, ModelError> {
    match constant.integers()? {
        &[one] => Ok(one),
        _ => Err(unknown("several numbers where one belongs")),
    }
}

/// The sum of two constants, number by number.
fn sum(a: &Constant, b: &Constant) -> Result<Constant, ModelError> {
    if a.shape != b.shape {
        return Err(unknown("a sum of constants of two shapes"));
    }
    let values = match (&a.values, &b.values) {
        (Values::Integers(a), Values::Integers(b)) => {
            Values::Integers(a.iter().zip(b).map(|(a, b)| a.saturating_add(*b)).collect())
        }
        (Values::Floats(a), Values::Floats(b)) => {
            Values::Floats(a.iter().zip(b).map(|(a, b)| a + b).collect())
        }
        _ => return Err(unknown("a sum of constants of two types")),
    };
    Ok(Constant { shape: a.shape.clone(), values })
}
