// The seed's shape: Express takes the call and asks a plain Python gRPC server, one call each.
const path = require("node:path");
const express = require("express");
const grpc = require("@grpc/grpc-js");
const loader = require("@grpc/proto-loader");

const contract = loader.loadSync("fraud_detection/fraud_detection.proto", {
  includeDirs: [path.join(process.env.REPO, "proto")],
  keepCase: true,
  longs: Number,
  defaults: true,
});
const { FraudDetectionService } = grpc.loadPackageDefinition(contract).fraud_detection;
const model = new FraudDetectionService(
  `127.0.0.1:${process.env.PORT2}`,
  grpc.credentials.createInsecure(),
);

const app = express();
app.use(express.json());

app.post("/api/FraudActivity", (req, res) => {
  model.PredictFraud(req.body, (err, reply) => {
    if (err) {
      res.status(500).json({ error: err.message });
      return;
    }
    res.json({
      transaction_id: reply.transaction_id,
      predicted_label: reply.predicted_label,
      fraud_probability: reply.fraud_probability,
    });
  });
});

app.listen(Number(process.env.PORT), "127.0.0.1");
