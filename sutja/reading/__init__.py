"""Reading handwritten numbers in pictures, with NumPy, OpenCV and ONNX Runtime only."""
