"""The inference engines that are compared with each other."""

ENGINES = {  # name in the results → title
    "onnxruntime": "ONNX Runtime, bare session",
    "sutja": "sutja.models.onnx_classifier.Classifier",
    "opencv": "OpenCV DNN",
    "pytorch": "PyTorch, eager",
}
