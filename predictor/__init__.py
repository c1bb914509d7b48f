"""A fraud model behind gRPC: the same features for training and for serving."""
