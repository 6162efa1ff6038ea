"""The inference engines that `benchmarks/inference.py` compares."""

ENGINES = {  # name in the results → title
    "onnxruntime": "ONNX Runtime, bare session",
    "sutja": "sutja.models.onnx_classifier.Classifier",
    "opencv": "OpenCV DNN",
    "pytorch": "PyTorch, eager",
}
