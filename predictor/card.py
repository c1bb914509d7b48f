"""card.md: a model described for people (after Mitchell et al. 2019, model cards)."""

from predictor.manifest import Manifest

_TEMPLATE = """# Model {version}

Rates card transactions by how likely they are fraud, from four facts: amount, time
of day, age of the account, and how many transactions the account has made. It sees
no account, no date and no place.

## Training

{rows} transactions were trained on, out of {data_rows}; the split is by time: the
earliest part trains, the next calibrates and sets the threshold, the latest tests.
Data sha256 `{data_sha256}`, seed {seed}, trained at {trained_at}.

LightGBM, {features_count} features: {features}.
Calibration: Platt scaling, slope {slope:.4f}, intercept {intercept:.4f}.
Threshold {threshold:.6f}: the one of greatest F1 on the calibrate part.

## On the latest part, which it had not seen

| figure | value |
|---|---|
{metrics}

## Limits

- The figures hold for data like that of the training. Simulated data is far easier
  than real card transactions: expect real figures to be much lower.
- It adds evidence for a person or a rule; it should not be the only reason to
  refuse somebody.
- Time of day is UTC, amounts are not converted: one region and one level of
  prices are assumed.
- Fraud changes. Compare the figures on new outcomes regularly, and train again.
"""


def text(about: Manifest) -> str:
    """Return the text of card.md."""
    return _TEMPLATE.format(
        version=about.version,
        rows=f"{about.training.rows:,}",
        data_rows=f"{about.training.data_rows:,}",
        data_sha256=about.training.data_sha256,
        seed=about.training.seed,
        trained_at=about.trained_at,
        features_count=len(about.features),
        features=", ".join(about.features),
        slope=about.calibration.slope,
        intercept=about.calibration.intercept,
        threshold=about.threshold,
        metrics="\n".join(f"| {name} | {value:.6g} |" for name, value in about.metrics.items()),
    )
