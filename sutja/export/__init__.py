"""From a run to a model for others: ONNX, half precision, publishing."""
