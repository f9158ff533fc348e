"""Networks from their makers' formats into the ONNX files of the model store."""
